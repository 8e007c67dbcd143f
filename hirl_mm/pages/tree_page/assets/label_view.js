/* The view of a class: the nodes that hold most of its images. */
'use strict';

(() => {
  const { make } = hirl;

  hirl.views.label = async ({ tree, number }) => {
    if (!(number < tree.classes.length) || !tree.labelled) return hirl.views.nothing();
    const found = await tree.label(number);
    const sections = found.nodes.map(async (nodes, level) => {
      if (!nodes.length) return null;
      const cards = nodes.map(async ([place, count]) => {
        const node = await tree.node(level, place);
        const note = make('span', { class: 'note' }, `${hirl.percent(count, found.images)} of this label`);
        return hirl.card(tree, node, tree.linkToNode(level, node.number), note);
      });
      const name = hirl.levelName(tree, level);
      return hirl.section(name[0].toUpperCase() + name.slice(1), make('ul', { class: 'cards' }, await Promise.all(cards)));
    });
    return [
      hirl.headline(hirl.name(tree.classes[number]), 'label'),
      make('p', { class: 'lead' }, `${hirl.count(found.images, 'image')} with this label. These groups hold most of them.`),
      (await Promise.all(sections)).reverse(),
    ];
  };
})();

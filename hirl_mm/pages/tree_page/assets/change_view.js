/* What moved between two trees, and a node beside its match. */
'use strict';

(() => {
  const { make } = hirl;

  hirl.views.changes = async ({ tree }) => {
    const other = hirl.otherOf(tree);
    const levels = await hirl.read(`${tree.key}/changes`);
    const sections = levels.map(async (level, i) => {
      const cards = await Promise.all(level.most.slice(0, 12).map(async ([place, all, moved]) => {
        const node = await tree.node(i, place);
        const note = make('span', { class: 'note' }, `${hirl.number(moved)} of ${hirl.number(all)} moved`);
        return hirl.card(tree, node, tree.linkToChanges(i, node.number), note);
      }));
      return hirl.section(
        make('span', {}, `${hirl.levelName(tree, i)[0].toUpperCase()}${hirl.levelName(tree, i).slice(1)}: ${hirl.percent(level.moved, 1)} moved`),
        make('p', {}, hirl.bar(level.moved), ` ${hirl.number(Math.round(level.moved * level.compared))} of ${hirl.count(level.compared, 'image')}`),
        cards.length ? [make('p', { class: 'note' }, 'Groups that most images left'), make('ul', { class: 'cards' }, cards)] : null,
      );
    });
    return [
      hirl.headline('What moved'),
      make('p', { class: 'lead' }, 'From ', hirl.name(tree.name, { class: 'chip' }), ' to ', hirl.name(other.name, { class: 'chip' }), '. Every group is matched with the group of the other tree that holds the most of its images; its other images have moved.'),
      make('p', {}, make('a', { href: other.linkToChanges() }, 'The other way round')),
      (await Promise.all(sections)).reverse(),
    ];
  };

  hirl.views.change = async ({ tree, level, number }) => {
    const place = level <= tree.top ? await tree.place(level, number) : undefined;
    if (place === undefined) return hirl.views.nothing();
    const other = hirl.otherOf(tree);
    const path = await tree.path(level, place);
    const node = path[path.length - 1];
    hirl.show.node = { tree, path };
    const [match] = await tree.matches(level, place, 1);
    const best = match.nodes.length ? await other.node(level, match.nodes[0][0]) : null;
    const back = best ? (await other.matches(level, best.place, 1))[0] : null;
    return [
      hirl.trail(tree, path),
      hirl.headline(`Group ${number}`, `${hirl.levelName(tree, level)}, side by side`),
      make('div', { class: 'sides' }, side(tree, node), best ? side(other, best) : make('section', { class: 'side' }, make('p', { class: 'notice' }, 'None of its images is in the other tree.'))),
      best ? await flow(tree, other, level, match) : null,
      best ? make('div', { class: 'sides' }, movedOut(tree, other, level, match), await movedIn(other, tree, level, back, place)) : null,
    ];
  };

  const side = (tree, node) => make(
    'section',
    { class: 'side', 'aria-label': `${tree.name}, ${hirl.nodeName(node)}` },
    make('p', { class: 'chip' }, hirl.name(tree.name)),
    make('h2', {}, make('a', { href: tree.linkToNode(node.level, node.number) }, hirl.nodeName(node))),
    hirl.nodeFacts(tree, node),
    hirl.thumbnails(tree, `${tree.key}/level${node.level}`, node.cell, [...node.near, ...node.random]),
  );

  /* Bars of where the images of a node are in the other tree. */
  const flow = async (tree, other, level, match) => {
    const rows = await Promise.all(match.nodes.map(async ([place, count], i) => {
      const number = await other.number(level, place);
      return make('li', {}, make('a', { href: other.linkToChanges(level, number) }, `Group ${number}`, i ? '' : ' (its match)'), hirl.bar(count / match.compared), make('span', {}, `${hirl.number(count)} · ${hirl.percent(count, match.compared)}`));
    }));
    const left = match.num_nodes - match.nodes.length;
    return hirl.section(make('span', {}, 'Where its images are in ', hirl.name(other.name)), make('ul', { class: 'bars' }, rows), left ? make('p', { class: 'note' }, `and others in ${hirl.count(left, 'more group')}`) : null);
  };

  const movedList = (tree, other, level, match) => hirl.thumbnails(
    tree,
    `${tree.key}/moved${level}`,
    match.cell,
    match.shown,
    ([, , , target]) => make('a', { class: 'target', href: other.linkToNode(level, target) }, `Group ${target}`),
  );

  const movedOut = (tree, other, level, match) => hirl.section(
    `Moved away: ${hirl.number(match.moved)}`,
    match.moved ? [make('p', { class: 'note' }, 'Some of them, and the group in which they are now'), movedList(tree, other, level, match)] : make('p', { class: 'note' }, 'All of its images are together in the other tree.'),
  );

  /* Images of the match that were not with most of the others in it. */
  const movedIn = async (other, tree, level, back, place) => {
    const [origin] = back.nodes[0];
    const number = await tree.number(level, origin);
    const heading = origin === place ? 'Came from elsewhere' : `Not from group ${number}, as most are`;
    return hirl.section(
      `${heading}: ${hirl.number(back.moved)}`,
      back.moved
        ? [make('p', { class: 'note' }, 'Some of them, and the group in which they are in ', hirl.name(tree.name)), movedList(other, tree, level, back)]
        : make('p', { class: 'note' }, 'All of its images were together.'),
    );
  };
})();

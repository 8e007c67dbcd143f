/* The view of an image: its file, and its path through the trees. */
'use strict';

(() => {
  const { make } = hirl;

  /* The file of an image, left out where it is no longer beside the page. */
  hirl.original = (image, small) => {
    const element = make('img', { src: image.address, alt: '', loading: small ? 'lazy' : null, decoding: 'async' });
    element.addEventListener('error', () => {
      const box = element.parentElement;
      element.remove();
      if (box && box.dataset.missing) box.append(make('p', { class: 'note' }, box.dataset.missing));
    });
    return element;
  };

  hirl.views.image = async ({ tree, number }) => {
    const place = await tree.placeOfImage(number);
    if (place === undefined) return hirl.views.nothing();
    const [image] = await tree.imagesAt(place, 1);
    const path = await tree.pathOfImage(place);
    hirl.show.node = path.length ? { tree, path } : null;
    const label = hirl.labelName(tree, image.label);
    return [
      hirl.trail(tree, path),
      make('div', { class: 'heading' }, make('h1', { tabindex: '-1', class: 'long' }, hirl.name(image.name)), await siblings(tree, place, path)),
      make('figure', { class: 'large', 'data-missing': 'The file is not where it was when this page was written.' }, picture(tree, image, path)),
      hirl.facts([
        ['Image', hirl.number(image.number)],
        label === null ? null : ['Label', make('a', { href: tree.linkToLabel(image.label) }, hirl.name(label))],
        image.address === null ? null : ['File', make('a', { href: image.address, target: '_blank', rel: 'noopener' }, 'Open the file')],
      ]),
      await pathSection(tree, image, path),
      await otherPath(tree, image),
    ];
  };

  /* The images before and after it in its leaf, by their nearness. */
  const siblings = async (tree, place, path) => {
    if (!path.length) return null;
    const [first, count] = path[path.length - 1].images;
    const link = async (other) => (other < first || other >= first + count
      ? null
      : tree.linkToImage((await tree.imagesAt(other, 1))[0].number));
    return hirl.siblings('Neighbouring images', await link(place - 1), await link(place + 1));
  };

  /* The file, or else the thumbnail if the leaf shows one. */
  const picture = (tree, image, path) => {
    if (image.address !== null) return hirl.original(image, false);
    const leaf = path[path.length - 1];
    const i = leaf ? [...leaf.near, ...leaf.random].findIndex(([number]) => number === image.number) : -1;
    if (i < 0) return make('p', { class: 'note' }, 'This page has no picture of this image.');
    return hirl.picture(`${tree.key}/level0`, leaf.cell + i);
  };

  const pathSection = async (tree, image, path) => {
    const heading = hirl.trees.other ? ['Path in ', hirl.name(tree.name)] : ['Path through the tree'];
    if (!path.length) {
      return hirl.section(make('span', {}, heading), make('p', { class: 'notice' }, 'This image could not be read, so it is in no group.'));
    }
    const cards = path.map((node) => {
      const similarity = image.similarity && image.similarity[node.level];
      const note = [hirl.levelName(tree, node.level), similarity === null ? null : `similarity ${similarity.toFixed(3)}`].filter(Boolean).join(' · ');
      return hirl.card(tree, node, tree.linkToNode(node.level, node.number), make('span', { class: 'note' }, note));
    });
    return hirl.section(make('span', {}, heading), make('ul', { class: 'cards' }, cards));
  };

  const otherPath = async (tree, image) => {
    if (!hirl.trees.other) return null;
    const other = hirl.otherOf(tree);
    if (image.other < 0) {
      return hirl.section(make('span', {}, 'Path in ', hirl.name(other.name)), make('p', { class: 'notice' }, 'That tree does not have this image.'));
    }
    const place = await other.placeOfImage(image.other);
    const [there] = await other.imagesAt(place, 1);
    return pathSection(other, there, await other.pathOfImage(place));
  };
})();

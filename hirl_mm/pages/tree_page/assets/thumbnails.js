/* Thumbnails: parts of sheets, which load when they come near the window. */
'use strict';

(() => {
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) {
        seen.unobserve(target);
        target.style.backgroundImage = `url("${target.dataset.sheet}")`;
      }
    }
  }, { rootMargin: '400px' });

  /* A square that shows cell number `cell` of the sheets of a folder. */
  hirl.picture = (folder, cell) => {
    const { side, per_sheet: perSheet, size } = hirl.page.thumbnails;
    const square = hirl.make('span', { class: size < 48 ? 'picture small' : 'picture', 'aria-hidden': 'true' });
    const place = cell % perSheet;
    square.dataset.sheet = `sheets/${folder}/${Math.floor(cell / perSheet)}.jpg`;
    square.style.backgroundSize = `${side * 100}% ${side * 100}%`;
    square.style.backgroundPosition = `${((place % side) / (side - 1)) * 100}% ${(Math.floor(place / side) / (side - 1)) * 100}%`;
    seen.observe(square);
    return square;
  };

  hirl.labelName = (tree, label) => (label >= 0 ? tree.classes[label] : null);

  /* Thumbnails of images [number, name, label, ...] that link to them. */
  hirl.thumbnails = (tree, folder, firstCell, images, caption) => hirl.make(
    'ul',
    { class: 'thumbnails' },
    images.map((image, i) => {
      const [number, name, label] = image;
      const text = [name, hirl.labelName(tree, label)].filter((part) => part !== null).join(', ');
      return hirl.make('li', {}, hirl.make(
        'a',
        { href: tree.linkToImage(number), title: text, 'aria-label': `Image ${text}` },
        hirl.picture(folder, firstCell + i),
      ), caption ? caption(image) : null);
    }),
  );

  /* Pictures of a node: the first ones of its thumbnails. */
  hirl.cover = (tree, node, most) => {
    const num = Math.min(node.near.length + node.random.length, most);
    const pictures = [];
    for (let i = 0; i < num; i += 1) {
      pictures.push(hirl.picture(`${tree.key}/level${node.level}`, node.cell + i));
    }
    return hirl.make('span', { class: 'cover' }, pictures);
  };
})();

/* The view of a node, and that of the whole tree. */
'use strict';

(() => {
  const { make } = hirl;
  const CARDS = 48;
  const IMAGES = 60;

  const ORDERS = {
    stored: ['most images first', null],
    number: ['by number', (a, b) => a.number - b.number],
    tight: ['most similar images first', (a, b) => (b.spread ?? -2) - (a.spread ?? -2)],
    loose: ['least similar images first', (a, b) => (a.spread ?? 2) - (b.spread ?? 2)],
    pure: ['purest first', (a, b) => hirl.purity(b) - hirl.purity(a)],
    mixed: ['least pure first', (a, b) => hirl.purity(a) - hirl.purity(b)],
  };

  /* Share of the most frequent class; -1 without one. */
  hirl.purity = (node) => (node.labelled ? node.classes[0][1] / node.labelled : -1);

  hirl.nodeName = (node) => `Group ${node.number}`;

  const topClass = (tree, node) => (node.labelled ? hirl.labelName(tree, node.classes[0][0]) : null);

  /* A card that links to a node. */
  hirl.card = (tree, node, href = tree.linkToNode(node.level, node.number), note = null) => {
    const label = topClass(tree, node);
    const inside = node.level ? ` · ${hirl.count(node.children[1], 'group')}` : '';
    return make(
      'li',
      { class: node.images[1] ? 'card' : 'card empty' },
      make(
        'a',
        { href },
        hirl.cover(tree, node, 6),
        make('span', { class: 'name' }, hirl.nodeName(node), label === null ? null : hirl.name(label, { class: 'chip' })),
        make('span', { class: 'note' }, `${hirl.count(node.images[1], 'image')}${inside}`),
        node.labelled ? make('span', { class: 'note purity' }, hirl.bar(hirl.purity(node)), ` ${hirl.percent(node.classes[0][1], node.labelled)} pure`) : null,
        note,
      ),
    );
  };

  /* The cards of the nodes of a level at successive places, with a choice of
   * their order. */
  hirl.cards = async (tree, level, first, count) => {
    const list = make('ul', { class: 'cards' });
    const holder = make('div', {});
    const show = async (order) => {
      const sorted = order === 'stored' ? null : (await tree.nodes(level, first, count)).sort(ORDERS[order][1]);
      list.replaceChildren();
      const { button, ready } = hirl.growing(list, count, CARDS, async (start, num) => {
        const nodes = sorted ? sorted.slice(start, start + num) : await tree.nodes(level, first + start, num);
        return nodes.map((node) => hirl.card(tree, node));
      });
      holder.replaceChildren(list, button);
      await ready;
    };
    await show('stored');
    if (count < 2) return [holder];
    const fits = Object.entries(ORDERS).filter(([key]) => (
      (tree.has_similarity || !['tight', 'loose'].includes(key))
      && (tree.labelled || !['pure', 'mixed'].includes(key))
    ));
    const choice = make('select', { onchange: (event) => show(event.target.value) }, fits.map(([key, [text]]) => make('option', { value: key }, text)));
    return [make('label', { class: 'order' }, 'Order: ', choice), holder];
  };

  /* Links to the nodes above a node. */
  hirl.trail = (tree, path) => make(
    'nav',
    { class: 'trail', 'aria-label': 'Path' },
    make('ol', {}, make('li', {}, make('a', { href: tree.linkHome() }, 'All groups')), path.map((node) => make(
      'li',
      {},
      make('a', { href: tree.linkToNode(node.level, node.number) }, hirl.nodeName(node)),
    ))),
  );

  hirl.views = {};

  hirl.views.home = async ({ tree }) => {
    const unplaced = tree.images - tree.placed;
    const head = hirl.headline(hirl.name(hirl.trees.other ? tree.name : hirl.page.title));
    return [
      head,
      make('p', { class: 'lead' }, `${hirl.count(tree.images, 'image')} in ${hirl.count(tree.levels.length, 'level')} of groups. Open a group to see the groups and images inside.`),
      unplaced ? make('p', { class: 'notice' }, `${hirl.count(unplaced, 'image')} could not be read and ${unplaced === 1 ? 'is' : 'are'} in no group.`) : null,
      levelTable(tree),
      hirl.section('The coarsest groups', await hirl.cards(tree, tree.top, 0, tree.levels[tree.top].nodes)),
    ];
  };

  const levelTable = (tree) => {
    const columns = ['Level', 'Groups', 'Images per group'];
    if (tree.has_similarity) columns.push('Similarity to the centre');
    if (tree.labelled) columns.push('Purity');
    const rows = tree.levels.map((level, i) => make('tr', {}, make('th', { scope: 'row' }, hirl.levelName(tree, i)), [
      hirl.number(level.nodes) + (level.used < level.nodes ? ` (${hirl.number(level.nodes - level.used)} empty)` : ''),
      level.used ? hirl.number(Math.round(tree.placed / level.used)) : '–',
      ...(tree.has_similarity ? [level.spread === null ? '–' : level.spread.toFixed(3)] : []),
      ...(tree.labelled ? [hirl.percent(level.purity, 1)] : []),
    ].map((text) => make('td', {}, text))));
    return make('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': 'Levels of the tree' }, make(
      'table',
      {},
      make('caption', { class: 'unseen' }, 'Levels of the tree'),
      make('thead', {}, make('tr', {}, columns.map((text) => make('th', { scope: 'col' }, text)))),
      make('tbody', {}, rows.reverse()),
    ));
  };

  hirl.views.node = async ({ tree, level, number }) => {
    const place = level <= tree.top ? await tree.place(level, number) : undefined;
    if (place === undefined) return hirl.views.nothing();
    const path = await tree.path(level, place);
    const node = path[path.length - 1];
    hirl.show.node = { tree, path };
    return [
      hirl.trail(tree, path.slice(0, -1)),
      make('div', { class: 'heading' }, hirl.headline(hirl.nodeName(node), hirl.levelName(tree, level)), await siblings(tree, path)),
      hirl.nodeFacts(tree, node),
      hirl.trees.other ? make('p', {}, make('a', { href: tree.linkToChanges(level, number) }, 'Where its images are in ', hirl.name(hirl.otherOf(tree).name))) : null,
      node.images[1] ? null : make('p', { class: 'notice' }, 'No image is in this group.'),
      hirl.nodePictures(tree, node),
      level ? hirl.section('Groups inside', await hirl.cards(tree, level - 1, ...node.children)) : null,
      hirl.classBars(tree, node),
      node.images[1] ? allImages(tree, node) : null,
    ];
  };

  hirl.nodeFacts = (tree, node) => hirl.facts([
    ['Images', hirl.number(node.images[1])],
    node.level ? ['Groups inside', hirl.number(node.children[1])] : null,
    node.spread === null ? null : ['Similarity to the centre', node.spread.toFixed(3)],
    node.labelled ? ['Most common label', make('a', { href: tree.linkToLabel(node.classes[0][0]) }, hirl.name(topClass(tree, node)))] : null,
    node.labelled ? ['Purity', `${hirl.percent(node.classes[0][1], node.labelled)}`] : null,
  ]);

  hirl.nodePictures = (tree, node) => {
    const folder = `${tree.key}/level${node.level}`;
    const all = node.near.length + node.random.length >= node.images[1];
    return [
      node.near.length ? hirl.section(all ? 'Images, the nearest to the centre first' : 'Nearest to the centre', hirl.thumbnails(tree, folder, node.cell, node.near)) : null,
      node.random.length ? hirl.section(all ? 'Images' : 'Random others', hirl.thumbnails(tree, folder, node.cell + node.near.length, node.random)) : null,
    ];
  };

  hirl.classBars = (tree, node) => {
    if (!node.labelled) return null;
    const listed = node.classes.reduce((sum, [, count]) => sum + count, 0);
    const rows = node.classes.map(([label, count]) => make('li', {}, make('a', { href: tree.linkToLabel(label) }, hirl.name(tree.classes[label])), hirl.bar(count / node.labelled), make('span', {}, `${hirl.number(count)} · ${hirl.percent(count, node.labelled)}`)));
    const left = node.num_classes - node.classes.length;
    return hirl.section('Labels', make('ul', { class: 'bars' }, rows), left ? make('p', { class: 'note' }, `and ${hirl.count(node.labelled - listed, 'image')} of ${hirl.count(left, 'other label')}`) : null);
  };

  /* Links to the one before and the one after; null for none. */
  hirl.siblings = (name, before, after) => make(
    'nav',
    { class: 'siblings', 'aria-label': name },
    [[before, '‹ Previous', 'prev'], [after, 'Next ›', 'next']].map(([href, text, rel]) => (
      href === null ? make('span', { class: 'off', 'aria-hidden': 'true' }, text) : make('a', { href, rel }, text)
    )),
  );

  const siblings = async (tree, path) => {
    const node = path[path.length - 1];
    const parent = path[path.length - 2];
    const [first, count] = parent ? parent.children : [0, tree.levels[tree.top].nodes];
    const link = async (place) => (place < first || place >= first + count
      ? null
      : tree.linkToNode(node.level, await tree.number(node.level, place)));
    return hirl.siblings('Neighbouring groups', await link(node.place - 1), await link(node.place + 1));
  };

  /* All images of a node, listed when a person opens the list. */
  const allImages = (tree, node) => {
    const list = make('ul', { class: 'files' });
    const holder = make('div', {});
    const details = make('details', {}, make('summary', {}, `List all ${hirl.count(node.images[1], 'image')}`), holder);
    details.addEventListener('toggle', () => {
      if (!details.open || holder.firstChild) return;
      const { button } = hirl.growing(list, node.images[1], IMAGES, async (start, num) => (
        (await tree.imagesAt(node.images[0] + start, num)).map((image) => hirl.fileItem(tree, image, image.similarity && image.similarity[node.level]))
      ));
      holder.append(list, button);
    });
    return details;
  };

  /* An image in a list: its file, if it is there, name and label. */
  hirl.fileItem = (tree, image, similarity = null) => {
    const label = hirl.labelName(tree, image.label);
    return make('li', {}, make(
      'a',
      { href: tree.linkToImage(image.number) },
      image.address ? hirl.original(image, true) : null,
      hirl.name(image.name, { class: 'file' }),
    ), label === null ? null : hirl.name(label, { class: 'chip' }), similarity === null ? null : make('span', { class: 'note' }, similarity.toFixed(3)));
  };

  hirl.views.nothing = async () => [hirl.headline('Nothing here'), make('p', {}, 'This address names no group, image or label of this page. ', make('a', { href: '#/' }, 'See all groups'))];
})();

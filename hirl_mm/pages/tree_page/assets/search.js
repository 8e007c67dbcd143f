/* Search: classes and nodes at once, then files part by part. */
'use strict';

(() => {
  const { make } = hirl;
  const MOST_FILES = 200;
  const MOST_CLASSES = 40;
  let running = 0;

  const matches = (tree, words) => {
    const found = [];
    tree.classes.forEach((name, label) => {
      if (name.toLowerCase().includes(words)) found.push([name.length, label]);
    });
    return found.sort(([a], [b]) => a - b).map(([, label]) => label);
  };

  const nodesNumbered = async (tree, words) => {
    const [, text] = /^(?:group\s+)?(\d{1,9})$/.exec(words) || [];
    if (text === undefined) return [];
    const found = await Promise.all(tree.levels.map(async (_, level) => {
      const place = await tree.place(level, Number(text));
      return place === undefined ? null : tree.node(level, place);
    }));
    return found.filter(Boolean).reverse();
  };

  const searchFiles = async (tree, words, list, progress, isCurrent) => {
    const per = hirl.page.per_shard.files;
    const num = Math.ceil(tree.images / per);
    let count = 0;
    for (let shard = 0; shard < num; shard += 1) {
      const { names } = await hirl.read(`${tree.key}/files/${shard}`);
      if (!isCurrent()) return;
      const found = [];
      for (let i = 0; i < names.length; i += 1) {
        if (names[i].toLowerCase().includes(words)) {
          count += 1;
          if (count <= MOST_FILES) found.push([shard * per + i, names[i]]);
        }
      }
      list.append(...found.map(([number, name]) => hirl.fileItem(tree, { number, name, label: -1, address: tree.address(name) })));
      progress.value = (shard + 1) / num;
    }
    return count;
  };

  hirl.views.search = async ({ tree, words: typed }) => {
    running += 1;
    const own = running;
    const isCurrent = () => own === running && hirl.route(window.location.hash).words === typed;
    const words = typed.trim().toLowerCase();
    const input = document.getElementById('query');
    if (document.activeElement !== input) input.value = typed;
    if (!words) return [hirl.headline('Search'), make('p', {}, 'Type a part of a file name or label, or the number of a group.')];
    const labels = matches(tree, words);
    const nodes = await nodesNumbered(tree, words);
    const list = make('ul', { class: 'files' });
    const progress = make('progress', { max: 1, 'aria-label': 'Files searched' });
    const said = make('p', { class: 'note' }, progress, ' searching file names …');
    const files = searchFiles(tree, words, list, progress, isCurrent).then((count) => {
      if (count === undefined) return;
      const text = count > MOST_FILES ? `${hirl.count(count, 'file')}, the first ${MOST_FILES} are listed` : hirl.count(count, 'file');
      said.replaceChildren(text);
      hirl.say(`${hirl.count(labels.length, 'label')}, ${hirl.count(nodes.length, 'group')}, ${text}`);
    }, (error) => said.replaceChildren(error.message));
    hirl.searching = files; // for who waits for the end of a search
    return [
      hirl.headline(['Search: ', hirl.name(typed)]),
      labels.length ? hirl.section('Labels', make('ul', { class: 'chips' }, labels.slice(0, MOST_CLASSES).map((label) => make('li', {}, make('a', { class: 'chip', href: tree.linkToLabel(label) }, hirl.name(tree.classes[label]))))), labels.length > MOST_CLASSES ? make('p', { class: 'note' }, `and ${labels.length - MOST_CLASSES} more`) : null) : null,
      nodes.length ? hirl.section('Groups', make('ul', { class: 'cards' }, nodes.map((node) => hirl.card(tree, node, undefined, make('span', { class: 'note' }, hirl.levelName(tree, node.level)))))) : null,
      hirl.section('Files', said, list),
    ];
  };

  hirl.startSearch = () => {
    const input = document.getElementById('query');
    let timer = null;
    const search = () => {
      clearTimeout(timer);
      const { tree, view } = hirl.route(window.location.hash);
      const address = `#/${tree.prefix}search/${encodeURIComponent(input.value)}`;
      // One entry of the history per search, not one per key.
      if (view === 'search') {
        window.history.replaceState(null, '', address);
        hirl.showAddress();
      } else window.location.hash = address.slice(1);
    };
    input.addEventListener('input', () => {
      clearTimeout(timer);
      if (input.value.trim()) timer = setTimeout(search, 250);
    });
    document.getElementById('search').addEventListener('submit', (event) => {
      event.preventDefault();
      search();
    });
  };
})();

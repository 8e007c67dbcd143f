/* The outline: the tree as a list whose groups open, with the keys of a tree
 * (arrows, Home, End, Enter). Groups load when they are opened. */
'use strict';

(() => {
  const { make } = hirl;
  const STEP = 100;
  const root = () => document.getElementById('outline-items');
  let tree = null;
  let started = null;

  /* Fill a list with the nodes at places first to first + count - 1. */
  const fill = async (list, level, first, count, upTo = 0) => {
    const have = list.querySelectorAll(':scope > li.node').length;
    const end = Math.min(count, Math.max(have + STEP, Math.ceil((upTo + 1) / STEP) * STEP));
    const nodes = await tree.nodes(level, first + have, end - have);
    const last = list.querySelector(':scope > li.rest');
    if (last) last.remove();
    list.append(...nodes.map((node) => item(node, first, count)));
    if (end < count) list.append(rest(list, level, first, count, end));
  };

  const item = (node, first, count) => {
    const label = node.labelled ? tree.classes[node.classes[0][0]] : null;
    const opens = node.level > 0 && node.children[1] > 0;
    const row = make(
      'span',
      { class: 'row' },
      make('span', { class: opens ? 'twisty' : 'twisty none', 'aria-hidden': 'true' }),
      hirl.cover(tree, node, 1),
      make('span', { class: 'words' }, hirl.nodeName(node), label === null ? null : make('span', { class: 'label' }, ' · ', hirl.name(label))),
      make('span', { class: 'number' }, hirl.number(node.images[1])),
    );
    const element = make('li', {
      class: 'node',
      role: 'treeitem',
      tabindex: '-1',
      'aria-level': tree.top - node.level + 1,
      'aria-setsize': count,
      'aria-posinset': node.place - first + 1,
      'aria-selected': 'false',
      'aria-expanded': opens ? 'false' : null,
      'aria-label': `${hirl.nodeName(node)}${label === null ? '' : `, ${label}`}, ${hirl.count(node.images[1], 'image')}`,
    }, row);
    element.node = node;
    row.addEventListener('click', (event) => {
      current(element);
      if (opens && event.target.classList.contains('twisty')) toggle(element);
      else follow(element);
    });
    return element;
  };

  /* The last item of a list that is not complete. */
  const rest = (list, level, first, count, shown) => {
    const element = make('li', { class: 'rest', role: 'treeitem', tabindex: '-1', 'aria-level': tree.top - level + 1, 'aria-selected': 'false' }, make('span', { class: 'row' }, `Show ${hirl.number(Math.min(STEP, count - shown))} more of ${hirl.number(count)}`));
    element.more = async () => {
      await fill(list, level, first, count);
      current(list.querySelectorAll(':scope > li.node')[shown]);
    };
    element.firstChild.addEventListener('click', element.more);
    return element;
  };

  const isOpen = (element) => element.getAttribute('aria-expanded') === 'true';

  const open = async (element, upTo = 0) => {
    const { node } = element;
    let group = element.querySelector(':scope > ul');
    if (!group) {
      group = make('ul', { role: 'group' });
      element.append(group);
    }
    if (group.querySelectorAll(':scope > li.node').length <= upTo) {
      await fill(group, node.level - 1, ...node.children, upTo);
    }
    element.setAttribute('aria-expanded', 'true');
  };

  const toggle = async (element) => {
    if (isOpen(element)) element.setAttribute('aria-expanded', 'false');
    else await open(element);
  };

  const follow = (element) => {
    const { node } = element;
    window.location.hash = tree.linkToNode(node.level, node.number).slice(1);
  };

  /* The one item that the tabulator key reaches. */
  const current = (element, focus = true) => {
    if (!element) return;
    for (const one of root().querySelectorAll('li[tabindex="0"]')) one.tabIndex = -1;
    element.tabIndex = 0;
    if (focus) element.focus({ preventScroll: false });
  };

  const visible = () => [...root().querySelectorAll('li')].filter((one) => {
    for (let above = one.parentElement.closest('li'); above; above = above.parentElement.closest('li')) {
      if (!isOpen(above)) return false;
    }
    return true;
  });

  const KEYS = {
    ArrowDown: (element, all) => current(all[all.indexOf(element) + 1]),
    ArrowUp: (element, all) => current(all[all.indexOf(element) - 1]),
    Home: (element, all) => current(all[0]),
    End: (element, all) => current(all[all.length - 1]),
    ArrowRight: async (element) => {
      if (!element.hasAttribute('aria-expanded')) return;
      if (isOpen(element)) current(element.querySelector('li'));
      else await open(element);
    },
    ArrowLeft: (element) => {
      if (isOpen(element)) element.setAttribute('aria-expanded', 'false');
      else current(element.parentElement.closest('li'));
    },
    Enter: (element) => (element.more ? element.more() : follow(element)),
    ' ': (element) => (element.more ? element.more() : follow(element)),
  };

  const onKey = (event) => {
    const element = event.target.closest('li');
    const act = KEYS[event.key];
    if (!element || !act || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act(element, visible());
  };

  /* Show a tree in the outline. */
  const start = async (wanted) => {
    tree = wanted;
    root().replaceChildren();
    const pair = Object.values(hirl.trees);
    document.getElementById('outline-trees').replaceChildren(...(pair.length < 2 ? [] : pair.map((one) => make('a', { href: one.linkHome(), 'aria-current': one === tree ? 'true' : null }, hirl.name(one.name)))));
    await fill(root(), tree.top, 0, tree.levels[tree.top].nodes);
    current(root().querySelector('li'), false);
  };

  /* Open the outline down to a node and mark it. */
  const reveal = async (path) => {
    let list = root();
    let found = null;
    for (const node of path) {
      const parent = found ? found.node : null;
      const [first, count] = parent ? parent.children : [0, tree.levels[tree.top].nodes];
      if (found) await open(found, node.place - first);
      else await fillTo(list, node.level, first, count, node.place - first);
      list = found ? found.querySelector(':scope > ul') : list;
      found = list.querySelectorAll(':scope > li.node')[node.place - first];
    }
    found.setAttribute('aria-selected', 'true');
    const inside = root().contains(document.activeElement);
    current(found, inside);
    const row = found.firstChild.getBoundingClientRect();
    const frame = document.getElementById('outline').getBoundingClientRect();
    if (row.top < frame.top || row.bottom > frame.bottom) found.firstChild.scrollIntoView({ block: 'center' });
  };

  const fillTo = async (list, level, first, count, place) => {
    if (list.querySelectorAll(':scope > li.node').length <= place) await fill(list, level, first, count, place);
  };

  /* Bring the outline to what the view shows: {tree, path} or null. */
  let turn = Promise.resolve();
  hirl.showInOutline = (wanted, shown) => {
    turn = turn.then(async () => {
      if (tree !== wanted) {
        started = start(wanted);
      }
      await started;
      for (const one of root().querySelectorAll('[aria-selected="true"]')) one.setAttribute('aria-selected', 'false');
      if (shown) await reveal(shown.path);
    });
    return turn;
  };

  hirl.startOutline = () => {
    root().addEventListener('keydown', onKey);
    const button = document.getElementById('menu');
    button.addEventListener('click', () => {
      const isShown = document.body.classList.toggle('with-outline');
      button.setAttribute('aria-expanded', String(isShown));
    });
  };
})();

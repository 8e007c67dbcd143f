/* Start of the page, and the way from an address to a view. */
'use strict';

(() => {
  const { make } = hirl;
  let turn = 0;

  hirl.show = { node: null };

  /* Show the view of the present address. */
  hirl.showAddress = async () => {
    turn += 1;
    const own = turn;
    const route = hirl.route(window.location.hash);
    const main = document.getElementById('main');
    main.setAttribute('aria-busy', 'true');
    hirl.show.node = null;
    const began = performance.now();
    let parts;
    let node = null;
    try {
      parts = await hirl.views[route.view](route);
      node = hirl.show.node;
    } catch (error) {
      parts = [hirl.headline('This part cannot be shown'), make('p', { class: 'notice', role: 'alert' }, error.message)];
    }
    if (own !== turn) return;
    main.replaceChildren(...parts.flat().filter(Boolean));
    main.removeAttribute('aria-busy');
    main.dataset.address = window.location.hash;
    main.dataset.milliseconds = (performance.now() - began).toFixed(1);
    announce(main, route);
    await hirl.showInOutline(route.tree, node);
    main.dataset.ready = window.location.hash || '#/';
  };

  /* Title, marks of the views, focus and place of the window. */
  const announce = (main, { tree, view }) => {
    const heading = main.querySelector('h1');
    const title = hirl.page.title;
    document.title = view === 'home' ? title : `${heading.textContent} · ${title}`;
    for (const link of document.querySelectorAll('#views a')) {
      const isHere = link.dataset.view === view || (link.dataset.view === 'changes' && view === 'change');
      if (isHere) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    if (view === 'search') return;
    document.getElementById('query').value = '';
    const outline = document.getElementById('outline');
    if (outline.contains(document.activeElement)) {
      main.scrollTop = 0;
      window.scrollTo(0, 0);
      return;
    }
    close();
    if (main.dataset.started) heading.focus({ preventScroll: true });
    main.dataset.started = 'yes';
    window.scrollTo(0, 0);
  };

  const close = () => {
    document.body.classList.remove('with-outline');
    document.getElementById('menu').setAttribute('aria-expanded', 'false');
  };

  const start = async () => {
    try {
      hirl.makeTrees(await hirl.read('page'));
    } catch (error) {
      document.getElementById('main').replaceChildren(make('p', { class: 'notice', role: 'alert' }, error.message));
      return;
    }
    document.getElementById('home').append(hirl.name(hirl.page.title));
    if (hirl.trees.other) {
      document.getElementById('views').append(make('a', { href: '#/changes', 'data-view': 'changes' }, 'What moved'));
    }
    hirl.startOutline();
    hirl.startSearch();
    window.addEventListener('hashchange', () => {
      // Links to parts of the page, such as that to the content, are no views.
      if (window.location.hash === '' || window.location.hash.startsWith('#/')) hirl.showAddress();
    });
    await hirl.showAddress();
    document.body.dataset.firstView = performance.now().toFixed(0);
  };

  start();
})();

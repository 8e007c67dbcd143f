/* Elements and texts. Names are always text, never HTML. */
'use strict';

(() => {
  /* Make an element: properties, then children, which are nodes or texts. */
  hirl.make = (tag, properties = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
      else if (name === 'class') element.className = value;
      else element.setAttribute(name, value === true ? '' : String(value));
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  };

  /* A name from outside: it may be of any direction, and does not mix with
   * the words around it. */
  hirl.name = (text, properties = {}) => hirl.make('bdi', { dir: 'auto', ...properties }, text);

  hirl.number = (value) => value.toLocaleString('en');
  hirl.count = (value, one, many = `${one}s`) => `${hirl.number(value)} ${value === 1 ? one : many}`;
  hirl.percent = (part, whole) => {
    if (!whole) return '–';
    const share = (100 * part) / whole;
    return `${share >= 99.95 || share === 0 ? share.toFixed(0) : share.toFixed(1)}%`;
  };

  /* A bar for a share between 0 and 1; its value stands beside it as text. */
  hirl.bar = (share) => {
    const fill = hirl.make('span', { class: 'fill' });
    fill.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
    return hirl.make('span', { class: 'share', 'aria-hidden': 'true' }, fill);
  };

  /* A list of terms and values: pairs [term, value], null for none. */
  hirl.facts = (pairs) => hirl.make(
    'dl',
    { class: 'facts' },
    pairs.filter(Boolean).map(([term, value]) => hirl.make('div', {}, hirl.make('dt', {}, term), hirl.make('dd', {}, value))),
  );

  /* The heading of a view, which gets the focus. It is the title of the window
   * too, so a comma is between its parts. */
  hirl.headline = (name, more = null) => hirl.make(
    'h1',
    { tabindex: '-1' },
    name,
    more === null ? [] : [', ', hirl.make('small', {}, more)],
  );

  let sections = 0;

  /* A part of a view with a heading. */
  hirl.section = (heading, ...children) => {
    sections += 1;
    const id = `section-${sections}`;
    return hirl.make('section', { 'aria-labelledby': id }, hirl.make('h2', { id }, heading), ...children);
  };

  /* Say something to screen readers. */
  hirl.say = (text) => {
    document.getElementById('status').textContent = text;
  };

  /* A list that grows: more(first) returns a promise of elements. */
  hirl.growing = (list, total, step, more) => {
    const button = hirl.make('button', { type: 'button', class: 'more' });
    let shown = 0;
    const grow = async () => {
      button.disabled = true;
      const added = await more(shown, Math.min(step, total - shown));
      const focused = document.activeElement === button;
      list.append(...added);
      shown = Math.min(shown + step, total);
      button.disabled = false;
      button.hidden = shown >= total;
      button.textContent = `Show ${hirl.number(Math.min(step, total - shown))} more of ${hirl.number(total)}`;
      if (focused && added[0]) (added[0].querySelector('a') || added[0]).focus();
    };
    button.addEventListener('click', grow);
    return { button, ready: grow() };
  };
})();

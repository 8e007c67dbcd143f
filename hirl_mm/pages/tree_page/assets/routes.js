/* From the address of the page to its view. Every view has an address:
 *   #/                       all groups
 *   #/LEVEL/NUMBER           a node
 *   #/image/NUMBER           an image
 *   #/label/NUMBER           a class
 *   #/search/WORDS           found files, classes and nodes
 *   #/changes                what moved between two trees
 *   #/changes/LEVEL/NUMBER   the same of a node, side by side
 * With other/ after #/ they are of the tree that is compared with. */
'use strict';

(() => {
  const isNumber = (text) => /^\d{1,9}$/.test(text || '');

  /* Return {tree, view, level, number, words} of an address. */
  hirl.route = (address) => {
    let parts = address.replace(/^#\/?/, '').split('/');
    let tree = hirl.trees.this;
    if (parts[0] === 'other' && hirl.trees.other) {
      tree = hirl.trees.other;
      parts = parts.slice(1);
    }
    const [first, second, third] = parts;
    if (!first) return { tree, view: 'home' };
    if (first === 'search') return { tree, view: 'search', words: decoded(parts.slice(1).join('/')) };
    if (first === 'changes' && hirl.trees.other) {
      if (second === undefined) return { tree, view: 'changes' };
      if (isNumber(second) && isNumber(third)) {
        return { tree, view: 'change', level: Number(second), number: Number(third) };
      }
    }
    if ((first === 'image' || first === 'label') && isNumber(second)) {
      return { tree, view: first, number: Number(second) };
    }
    if (isNumber(first) && isNumber(second)) {
      return { tree, view: 'node', level: Number(first), number: Number(second) };
    }
    return { tree, view: 'nothing' };
  };

  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch (error) {
      return text; // a % that a person typed
    }
  };
})();

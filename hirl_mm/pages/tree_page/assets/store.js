/* Data of the page: values by key, each in a script file that is loaded when
 * it is first read, since a page from disk may not read other files. */
'use strict';

window.hirl = {};

(() => {
  const MOST_KEPT = 600;
  const kept = new Map(); // key -> promise of the value
  const waiting = new Map(); // key -> function that gets the value

  /* Called by the data files. */
  hirl.load = (key, text) => {
    const done = waiting.get(key);
    if (done) done(JSON.parse(text));
  };

  /* Return a promise of the value of a key. */
  hirl.read = (key) => {
    let value = kept.get(key);
    if (value === undefined) {
      value = requested(key);
      value.catch(() => kept.delete(key));
      if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value);
      kept.set(key, value);
    }
    return value;
  };

  const requested = (key) => new Promise((resolve, reject) => {
    const script = document.createElement('script');
    const end = () => {
      waiting.delete(key);
      script.remove();
    };
    waiting.set(key, (value) => {
      end();
      resolve(value);
    });
    script.onerror = () => {
      end();
      reject(new Error(`data/${key}.js is missing or damaged: copy the whole folder of this page, or write it again.`));
    };
    script.onload = script.onerror; // of a file that did not call load
    script.src = `data/${key}.js`;
    document.head.append(script);
  });

  /* Return entries first to first + count - 1 of a list in shards. */
  hirl.readRange = async (key, perShard, first, count) => {
    const shards = [];
    const last = first + count - 1;
    for (let i = Math.floor(first / perShard); i <= Math.floor(last / perShard); i += 1) {
      shards.push(hirl.read(`${key}/${i}`));
    }
    if (count <= 0) return [];
    const start = Math.floor(first / perShard) * perShard;
    return (await Promise.all(shards)).flat().slice(first - start, first - start + count);
  };
})();

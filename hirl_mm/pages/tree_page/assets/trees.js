/* The trees of the page: nodes by place, images by place or number. */
'use strict';

(() => {
  class Tree {
    constructor(key, facts, page) {
      Object.assign(this, facts);
      this.key = key;
      this.page = page;
      this.prefix = key === 'this' ? '' : `${key}/`;
      this.top = this.levels.length - 1;
    }

    /* A promise of the nodes of a level at successive places. */
    nodes(level, first, count) {
      return hirl.readRange(`${this.key}/nodes/${level}`, this.page.per_shard.nodes, first, count)
        .then((found) => found.map((node, i) => ({ ...node, level, place: first + i })));
    }

    async node(level, place) {
      return (await this.nodes(level, place, 1))[0];
    }

    matches(level, first, count) {
      return hirl.readRange(`${this.key}/match/${level}`, this.page.per_shard.nodes, first, count);
    }

    /* Place of a node by its number; undefined if there is none. */
    async place(level, number) {
      const found = await hirl.read(`${this.key}/level/${level}`);
      if (!found.places) {
        found.places = new Map(found.numbers.map((one, place) => [one, place]));
      }
      return found.places.get(number);
    }

    async number(level, place) {
      return (await hirl.read(`${this.key}/level/${level}`)).numbers[place];
    }

    /* Nodes from the top to a node. */
    async path(level, place) {
      const path = [await this.node(level, place)];
      while (path[0].parent >= 0) {
        path.unshift(await this.node(path[0].level + 1, path[0].parent));
      }
      return path;
    }

    /* Nodes from the top to the image at a place; empty if it has none. */
    async pathOfImage(place) {
      if (place >= this.placed) return [];
      const { first } = await hirl.read(`${this.key}/level/0`);
      let low = 0;
      let high = first.length - 1;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (first[middle] <= place) low = middle;
        else high = middle;
      }
      return this.path(0, low);
    }

    /* The images at successive places. */
    async imagesAt(first, count) {
      const per = this.page.per_shard.images;
      const found = [];
      for (let place = first; place < first + count; place += 1) {
        const shard = await hirl.read(`${this.key}/images/${Math.floor(place / per)}`);
        const i = place % per;
        found.push({
          place,
          number: shard.numbers[i],
          name: shard.names[i],
          label: shard.labels ? shard.labels[i] : -1,
          similarity: shard.similarity ? shard.similarity[i] : null,
          other: shard.others ? shard.others[i] : -1,
          address: shard.addresses[i] && this.base !== null ? this.base + shard.addresses[i] : this.address(shard.names[i]),
        });
      }
      return found;
    }

    /* Address of a file by its name; null if there is none, or if the name
     * stands for one that cannot be shown. */
    address(name) {
      if (this.base === null || /[\u2400-\u2421\ufffd]/.test(name)) return null;
      return this.base + encodeURIComponent(name).replace(/%2F/g, '/');
    }

    /* Place of an image by its number; undefined if there is none. */
    async placeOfImage(number) {
      if (!(number >= 0 && number < this.images)) return undefined;
      const per = this.page.per_shard.files;
      const shard = await hirl.read(`${this.key}/files/${Math.floor(number / per)}`);
      return shard.places[number % per];
    }

    async label(label) {
      return (await hirl.readRange(`${this.key}/labels`, this.page.per_shard.labels, label, 1))[0];
    }

    /* Addresses of the views of the page. */
    linkToNode(level, number) { return `#/${this.prefix}${level}/${number}`; }

    linkToImage(number) { return `#/${this.prefix}image/${number}`; }

    linkToLabel(label) { return `#/${this.prefix}label/${label}`; }

    linkToChanges(level, number) {
      return `#/${this.prefix}changes${level === undefined ? '' : `/${level}/${number}`}`;
    }

    linkHome() { return `#/${this.prefix.slice(0, -1)}`; }
  }

  hirl.makeTrees = (page) => {
    hirl.page = page;
    hirl.trees = Object.fromEntries(
      Object.entries(page.trees).map(([key, facts]) => [key, new Tree(key, facts, page)]),
    );
    hirl.otherOf = (tree) => hirl.trees[tree.key === 'this' ? 'other' : 'this'];
  };

  /* Words for a level: 0 is the finest. */
  hirl.levelName = (tree, level) => {
    if (tree.top === 0) return 'the only level';
    if (level === tree.top) return `level ${level}, the coarsest`;
    return level === 0 ? 'level 0, the finest' : `level ${level}`;
  };
})();

"""Trees with images, and the data of their pages."""

import json
import re

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from hirl_mm.pages import ShownTree
from tests.trees import random_tree


def data_of(folder, key):
    """The value that a page reads by a key."""
    text = (folder / 'data' / f'{key}.js').read_text(encoding='ascii')
    call = re.fullmatch(r'hirl\.load\(("[^"]*"),(".*")\);\n', text, re.DOTALL)
    assert json.loads(call[1]) == key
    return json.loads(json.loads(call[2]))


def rows_of(tree, leaf=None, noise=0.4, seed=0):
    """Unit rows around the leaf of every image; NaN without one."""
    leaf = tree.leaf if leaf is None else leaf
    generator = torch.Generator().manual_seed(seed)
    dim = tree.centroids[0].size(1)
    rows = tree.centroids[0][leaf] + noise * torch.randn(
        len(leaf), dim, generator=generator
    )
    rows = F.normalize(rows, dim=1)
    rows[leaf < 0] = torch.nan
    return rows


def shown_random(nums=(12, 5, 3), num_images=60, num_classes=4, seed=0):
    """A random tree whose images have no files; two have no leaf."""
    tree = random_tree(nums, 6, num_images, seed)
    tree.leaf[[3, 10]] = -1
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(-1, num_classes, (num_images,), generator=generator)
    return ShownTree(
        tree,
        [f'{i % 7}/{i}.png' for i in range(num_images)],
        rows=rows_of(tree, seed=seed),
        labels=labels,
        class_names=[f'class {i}' for i in range(num_classes)],
        picture=colored,
    )


def colored(sample):
    """A picture of one colour per image."""
    return Image.new('RGB', (40, 30), color_of(sample))


def color_of(sample):
    return (37 * sample % 256, 91 * sample % 256, 201 * sample % 256)


def members(shown, level, number):
    """Numbers of the images of a node, from the paths of all images."""
    paths = shown.tree.paths(shown.leaf).numpy()
    return np.flatnonzero(paths[:, level] == number)

"""Trees of prototypes to draw."""

import torch

from tests.test_bad_input.case import cases

NAN, INF = float('nan'), float('inf')


def tree(change, data='train'):
    """A picture of a tree whose entries a function has changed."""

    def make(sound, folder):
        state = torch.load(sound.tree, weights_only=True)
        torch.save(change(state), file := folder / 'tree.pth')
        words = '--data', sound.data / data, '--out', folder / 'tree.png'
        return 'visualize_tree', file, *words

    return make


def finest(function):
    """The prototypes of level 0 are changed."""

    def change(state):
        first, *others = state['centroids']
        return dict(state, centroids=[function(first), *others])

    return change


def parents(function):
    def change(state):
        first, *others = state['parents']
        return dict(state, parents=[function(first), *others])

    return change


def leaf(function):
    return lambda state: dict(state, leaf=function(state['leaf']))


def entry(**entries):
    return lambda state: dict(state, **entries)


def raw(content):
    def make(sound, folder):
        file = folder / 'tree.pth'
        file.write_bytes(content)
        return 'visualize_tree', file, '--data', sound.data / 'train'

    return make


def gone(sound, folder):
    return 'visualize_tree', folder / 'tree.pth', '--data', sound.data


TABLE = {
    'tree of NaN': (
        finest(lambda rows: rows * NAN),
        (
            '~/tree.pth holds a broken tree: 6 of 6 prototypes of level 0 '
            'hold NaN or infinite values'
        ),
    ),
    'infinite prototype': (
        finest(lambda rows: rows + INF),
        (
            '~/tree.pth holds a broken tree: 6 of 6 prototypes of level 0 '
            'hold NaN or infinite values'
        ),
    ),
    'prototypes of other dimensions': (
        finest(lambda rows: rows[:, :5]),
        (
            '~/tree.pth holds a broken tree: centroids must have shape (K, '
            'D) with the same D on all levels, got [(6, 5), (3, 128), (2, '
            '128)]'
        ),
    ),
    'prototypes that are a list': (
        finest(torch.Tensor.tolist),
        (
            '~/tree.pth holds a broken tree: centroids[0] must be a '
            'tensor, got a list'
        ),
    ),
    'no level': (
        entry(centroids=[]),
        (
            '~/tree.pth holds a broken tree: a prototype tree needs at '
            'least one level'
        ),
    ),
    'level too few': (
        lambda s: dict(s, centroids=s['centroids'][:2]),
        (
            '~/tree.pth holds a broken tree: 2 levels need 1 parent '
            'tensors, got 2'
        ),
    ),
    'parents beyond the level above': (
        parents(lambda p: p + 50),
        (
            '~/tree.pth holds a broken tree: parents[0] must lie in [0, '
            '3), got values from 50 to 52'
        ),
    ),
    'negative parents': (
        parents(lambda p: p - 5),
        (
            '~/tree.pth holds a broken tree: parents[0] must lie in [0, '
            '3), got values from -5 to -3'
        ),
    ),
    'too few parents': (
        parents(lambda p: p[:2]),
        (
            '~/tree.pth holds a broken tree: parents[0] must have shape '
            '(6,), one per prototype of level 0, got (2,)'
        ),
    ),
    'leaf that does not exist': (
        leaf(lambda x: x + 90),
        (
            '~/tree.pth holds a broken tree: leaf must lie in [-1, 6), got '
            'values from 90 to 95'
        ),
    ),
    'leaves of fractions': (
        leaf(torch.Tensor.float),
        (
            '~/tree.pth holds a broken tree: leaf must be torch.long, got '
            'torch.float32'
        ),
    ),
    'leaves that are a word': (
        entry(leaf='none'),
        ('~/tree.pth holds a broken tree: leaf must be a tensor, got a str'),
    ),
    'leaves of two dimensions': (
        leaf(lambda x: x[None]),
        (
            '~/tree.pth holds a broken tree: leaf must have shape (N,), '
            'got (1, 24)'
        ),
    ),
    'objective of one level': (
        entry(objective=[1.0]),
        ('~/tree.pth holds a broken tree: 3 levels need 3 objectives, got 1'),
    ),
    'unknown entry': (
        entry(colour='red'),
        '~/tree.pth holds a broken tree: a tree has no entries colour',
    ),
    'no entry of a tree': (
        lambda _: dict(a=1),
        (
            '~/tree.pth is neither a prototype tree nor a checkpoint with '
            "the key prototype_tree, found ['a']"
        ),
    ),
    'list for a tree': (
        lambda _: [1],
        '~/tree.pth is neither a prototype tree nor a checkpoint (holds a '
        'list, not a dict: expected a state dict, which maps names of weights '
        'to tensors)',
    ),
    'tree of other images': (
        entry(data='abc'),
        (
            'the tree was built from other images than those in '
            'SOUND/data/train, or from the same images in another order: '
            'give the folder it was built from. If the training read a '
            'list (ann_file) or several folders, give its config with '
            '--config, or call hirl_mm.visualization.draw_semantic_tree '
            'with the paths in the order of the training'
        ),
    ),
    'tree of fewer images': (
        leaf(lambda x: x[:9]),
        (
            'SOUND/data/train holds 24 images but the tree was built from '
            '9: give the folder it was built from, or the config of the '
            'training'
        ),
    ),
    'other folder': (
        lambda s: s,
        'val',
        (
            'SOUND/data/val holds 3 images but the tree was built from 24: '
            'give the folder it was built from, or the config of the '
            'training'
        ),
    ),
    'missing folder of images': (
        lambda s: s,
        'gone',
        'there is no folder SOUND/data/gone',
    ),
    'config in place of a folder': (
        lambda s: s,
        '../config.py',
        (
            'SOUND/data/../config.py is a file, not the folder of the '
            'training images: give the folder, or the config of the training '
            'with --config'
        ),
    ),
}
RAW = {
    'text for a tree': (
        b'hello',
        ('~/tree.pth is neither a prototype tree nor a checkpoint (KeyError)'),
    ),
    'empty tree': (
        b'',
        ('~/tree.pth is neither a prototype tree nor a checkpoint (EOFError)'),
    ),
}
CASES = [*cases(tree, TABLE), *cases(raw, RAW)]

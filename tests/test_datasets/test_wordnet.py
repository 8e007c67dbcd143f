import itertools

import numpy as np
import pytest

from hirl_mm.datasets.taxonomy.hierarchy import ClassHierarchy
from hirl_mm.datasets.taxonomy.wordnet import load_taxonomy, wordnet_hierarchy

# root > animal > mammal > {dog > {pug, husky}, cat}, bird > {owl}
#      > thing > {car, lamp}
EDGES = """\
root animal
root thing
animal mammal
animal bird
mammal dog
mammal cat
dog pug
dog husky
bird owl
thing car
thing lamp
lamp floor-lamp
"""
CLASSES = ['car', 'cat', 'husky', 'lamp', 'owl', 'pug']


def write(tmp_path, text=EDGES):
    path = tmp_path / 'is_a.txt'
    path.write_text(text)
    return path


def test_levels_at_given_depths(tmp_path):
    hierarchy = wordnet_hierarchy(write(tmp_path), CLASSES, depths=(1, 3, 2))
    assert hierarchy.levels == ('class', 'depth 3', 'depth 2', 'depth 1')
    assert hierarchy.classes == {
        'car': ('car', 'car', 'car', 'thing'),
        'cat': ('cat', 'cat', 'mammal', 'animal'),
        'husky': ('husky', 'dog', 'mammal', 'animal'),
        'lamp': ('lamp', 'lamp', 'lamp', 'thing'),
        'owl': ('owl', 'owl', 'bird', 'animal'),
        'pug': ('pug', 'dog', 'mammal', 'animal'),
    }


def test_default_depths_at_least_halve_the_groups(tmp_path):
    # 5 groups at depth 3, 4 at depth 2, 2 at depth 1
    hierarchy = wordnet_hierarchy(write(tmp_path), CLASSES)
    assert hierarchy.levels == ('class', 'depth 1')
    names = 'abcdefgh'
    edges = [
        f'{parent} {parent}{child}'
        for depth in range(3)
        for parent in (
            'r' + ''.join(p) for p in itertools.product('01', repeat=depth)
        )
        for child in '01'
    ]
    leaves = ['r' + ''.join(p) for p in itertools.product('01', repeat=3)]
    edges += [f'{leaf} {n}' for leaf, n in zip(leaves, names, strict=True)]
    path = write(tmp_path, '\n'.join(edges))
    # at depth 3 every class is a group of its own, at depths 2 and 1 4 and 2
    hierarchy = wordnet_hierarchy(path, names)
    assert hierarchy.levels == ('class', 'depth 2', 'depth 1')
    assert len(hierarchy.names('depth 2')) == 4


def test_default_depths_skip_what_hardly_groups(tmp_path):
    text = 'r x\nr y\nx x1\nx x2\ny y1\nx1 a\nx2 b\ny1 c\ny1 d\n'
    text += ''.join(f'{name} {name}{i}\n' for name in 'abcd' for i in (1, 2))
    names = sorted(f'{name}{i}' for name in 'abcd' for i in (1, 2))
    # 4, 3 and 2 groups of the 8 classes; 3 are more than half of 4
    hierarchy = wordnet_hierarchy(write(tmp_path, text), names)
    assert hierarchy.levels == ('class', 'depth 3', 'depth 1')


def test_default_depths_have_two_groups_or_more(tmp_path):
    animals = ['cat', 'husky', 'owl', 'pug']
    hierarchy = wordnet_hierarchy(write(tmp_path), animals)
    assert hierarchy.levels == ('class', 'depth 2')


def test_a_class_above_another_is_itself_and_its_ancestor(tmp_path):
    hierarchy = wordnet_hierarchy(
        write(tmp_path), ['dog', 'mammal', 'owl', 'pug'], depths=(3, 2)
    )
    assert hierarchy.classes == {
        'dog': ('dog', 'dog', 'mammal'),
        'mammal': ('mammal', 'mammal', 'mammal'),
        'owl': ('owl', 'owl', 'bird'),
        'pug': ('pug', 'dog', 'mammal'),
    }


def test_the_shortest_path_counts_and_of_equal_ones_the_smaller_id(tmp_path):
    text = """
    r a
    r b
    r z
    a c
    c d
    d x
    z x
    b y
    z y
    x x1
    y y1
    """
    path = write(tmp_path, text)
    hierarchy = wordnet_hierarchy(path, ['x1', 'y1'], depths=(2, 1))
    # x hangs below d, three deep, and z, one deep; y below b and z
    assert hierarchy.classes == {
        'x1': ('x1', 'x', 'z'),
        'y1': ('y1', 'y', 'b'),
    }
    lines = text.splitlines()
    path = write(tmp_path, '\n'.join(reversed(lines)))
    assert wordnet_hierarchy(path, ['x1', 'y1'], (2, 1)) == hierarchy


def test_random_graphs_give_shortest_paths(tmp_path):
    rng = np.random.default_rng(0)
    num = 60
    edges = {
        (int(parent), child)
        for child in range(1, num)
        for parent in rng.integers(child, size=rng.integers(1, 4))
    }
    distance = np.full((num, num), np.inf)
    np.fill_diagonal(distance, 0)
    for parent, child in edges:
        distance[parent, child] = 1
    for k in range(num):
        distance = np.minimum(distance, distance[:, [k]] + distance[[k]])
    path = write(tmp_path, '\n'.join(f'n{p:02} n{c:02}' for p, c in edges))
    classes = [f'n{c:02}' for c in range(30, num)]
    deepest = int(distance[0, 30:].max())
    hierarchy = wordnet_hierarchy(path, classes, range(1, deepest))
    for c in range(30, num):
        depth = int(distance[0, c])
        trail = hierarchy.classes[f'n{c:02}'][::-1][: depth - 1]
        for d, name in enumerate(trail, start=1):
            node = int(name[1:])
            assert distance[0, node] == d
            assert distance[node, c] == depth - d
        for above, name in zip(trail, trail[1:], strict=False):
            nearest = min(
                (distance[0, parent], parent)
                for parent, child in edges
                if child == int(name[1:])
            )
            assert int(above[1:]) == nearest[1]


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('root a\na b c\n', r'is_a\.txt, line 2: expected .* got \'a b c\''),
        ('root\n', "line 1: expected the ids .* got 'root'"),
        (
            EDGES.replace('thing lamp', 'x lamp').replace('root thing', ''),
            r'is_a\.txt: the classes have 3 roots, root, thing, x; for',
        ),
        (
            EDGES + 'pug mammal\n',
            r'is_a\.txt: .*mammal > dog > pug.* is a cycle|'
            r'.*dog > pug > mammal.* is a cycle|'
            r'.*pug > mammal > dog.* is a cycle',
        ),
        (EDGES + 'cat cat\n', 'cat > cat is a cycle; delete'),
        (
            EDGES.replace('owl', 'eagle').replace('cat', 'lion'),
            r'2 of 6 classes are missing in .*is_a\.txt: cat, owl; add them',
        ),
        ('root ' + '\nroot '.join(CLASSES), 'no depth groups the 6 classes'),
    ],
)
def test_wrong_file(tmp_path, text, match):
    with pytest.raises(ValueError, match=match):
        wordnet_hierarchy(write(tmp_path, text), CLASSES)


def test_roots_and_cycles_elsewhere_do_not_matter(tmp_path):
    path = write(tmp_path)
    expected = wordnet_hierarchy(path, CLASSES)
    path = write(tmp_path, EDGES + 'other verb\ng h\nh g\n')
    assert wordnet_hierarchy(path, CLASSES) == expected


@pytest.mark.parametrize('depths', [(0, 1), (4,), ()])
def test_wrong_depths(tmp_path, depths):
    match = 'depths must lie between 1 and 3, one less than the depth of the'
    with pytest.raises(ValueError, match=match):
        wordnet_hierarchy(write(tmp_path), CLASSES, depths)


def test_taxonomy_of_an_is_a_file(tmp_path):
    path = write(tmp_path)
    assert load_taxonomy(path, CLASSES) == wordnet_hierarchy(path, CLASSES)


def test_taxonomy_of_a_json_file_is_restricted_to_the_classes(tmp_path):
    paths = {name: [name, name[0]] for name in ['ab', 'ac', 'ba', 'da']}
    path = tmp_path / 'hierarchy.json'
    ClassHierarchy(['fine', 'coarse'], paths).save(path)
    hierarchy = load_taxonomy(path, ['ab', 'ba', 'da'])
    assert hierarchy.names('fine') == ('ab', 'ba', 'da')
    assert hierarchy.tables().tolist() == [[0, 1, 2], [0, 1, 2]]
    assert hierarchy.names('coarse') == ('a', 'b', 'd')


def test_taxonomy_must_cover_the_classes(tmp_path):
    path = tmp_path / 'hierarchy.json'
    ClassHierarchy(['fine', 'coarse'], {'a': ['a', 'x']}).save(path)
    names = [f'b{i}' for i in range(7)]
    match = (
        r'7 of 8 classes are missing in .*hierarchy\.json: b0, b1, b2, b3, '
        r'b4, \.\.\.; add them, or give a taxonomy of this data set'
    )
    with pytest.raises(ValueError, match=match):
        load_taxonomy(path, ['a', *names])


@pytest.mark.parametrize('classes', [['b', 'a'], ['a', 'a']])
def test_classes_must_be_in_the_order_of_labels(tmp_path, classes):
    with pytest.raises(ValueError, match='must be different and sorted'):
        load_taxonomy(write(tmp_path), classes)


@pytest.mark.parametrize('name', ['x.txt', 'x.json'])
def test_missing_file(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=rf'{name}; give'):
        load_taxonomy(tmp_path / name, ['a'])

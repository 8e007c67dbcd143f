import dataclasses
import json

import numpy as np
import pytest

from hirl_mm.datasets.taxonomy.hierarchy import ClassHierarchy, load_hierarchy

LEVELS = ['fine', 'middle', 'coarse']
CLASSES = {
    'tee-dotted': ['tee-dotted', 'tee', 'stroke'],
    'disc-striped': ['disc-striped', 'disc', 'round'],
    'ell-dotted': ['ell-dotted', 'ell', 'stroke'],
    'disc-dotted': ['disc-dotted', 'disc', 'round'],
}


def write(path, content):
    path.write_text(
        content if isinstance(content, str) else json.dumps(content)
    )
    return path


def test_labels_and_names_follow_the_sorted_classes(tmp_path):
    hierarchy = load_hierarchy(
        write(tmp_path / 'h.json', {'levels': LEVELS, 'classes': CLASSES})
    )
    assert hierarchy.levels == ('fine', 'middle', 'coarse')
    assert list(hierarchy.classes) == sorted(CLASSES)
    assert hierarchy.names('fine') == tuple(sorted(CLASSES))
    assert hierarchy.names('middle') == ('disc', 'ell', 'tee')
    assert hierarchy.names('coarse') == ('round', 'stroke')

    fine = np.array([3, 0, 1, 2, 2], dtype=np.int32)
    expected = {
        'fine': fine,
        'middle': [2, 0, 0, 1, 1],
        'coarse': [1, 0, 0, 1, 1],
    }
    for level, labels in expected.items():
        found = hierarchy.labels(fine, level)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, labels)
    assert hierarchy.labels([], 'coarse').shape == (0,)


def test_labels_name_the_ancestors_of_every_class():
    hierarchy = ClassHierarchy(LEVELS, CLASSES)
    fine = np.arange(len(CLASSES))
    for column, level in enumerate(LEVELS):
        names = np.array(hierarchy.names(level))
        found = names[hierarchy.labels(fine, level)]
        wanted = [CLASSES[c][column] for c in hierarchy.names('fine')]
        assert found.tolist() == wanted


def test_tables_hold_the_label_of_every_class_on_every_level():
    hierarchy = ClassHierarchy(LEVELS, CLASSES)
    tables = hierarchy.tables()
    assert tables.dtype == np.int64
    expected = [hierarchy.labels(range(4), level) for level in LEVELS]
    np.testing.assert_array_equal(tables, expected)


def test_labels_take_tensors():
    torch = pytest.importorskip('torch')
    hierarchy = ClassHierarchy(LEVELS, CLASSES)
    assert hierarchy.labels(torch.tensor([0, 3]), 'coarse').tolist() == [0, 1]


def test_save_and_load(tmp_path):
    hierarchy = ClassHierarchy(LEVELS, CLASSES)
    hierarchy.save(tmp_path / 'h.json')
    assert load_hierarchy(tmp_path / 'h.json') == hierarchy
    assert [p.name for p in tmp_path.iterdir()] == ['h.json']


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ClassHierarchy(LEVELS, CLASSES).levels = ()


@pytest.mark.parametrize(
    ('labels', 'level', 'match'),
    [
        ([0, 4], 'fine', r'must lie in \[0, 4\), got values from 0 to 4'),
        ([-1], 'fine', r'must lie in \[0, 4\), got values from -1 to -1'),
        ([0.5], 'fine', 'must be integers, got float64'),
        ([0], 'genus', "level must be one of .*'coarse'.*, got 'genus'"),
    ],
)
def test_wrong_labels(labels, level, match):
    with pytest.raises(ValueError, match=match):
        ClassHierarchy(LEVELS, CLASSES).labels(labels, level)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no class hierarchy .*x\.'):
        load_hierarchy(tmp_path / 'x.json')


def both(classes, levels=('fine', 'coarse')):
    return {'levels': list(levels), 'classes': classes}


TWICE = (
    '{"levels": ["fine", "coarse"], '
    '"classes": {"a": ["a", "x"], "b": ["b", "x"], "a": ["a", "y"]}}'
)


@pytest.mark.parametrize(
    ('content', 'match'),
    [
        ('{"levels"', r'h\.json is not a class hierarchy: Expecting'),
        ([1], r'expected the keys .* got \[1\]'),
        ({'levels': LEVELS}, r"expected the keys .* got \['levels'\]"),
        (both({}), 'classes must map fine classes to their ancestors'),
        (both([['a', 'x']]), 'classes must map fine classes'),
        (both({'a': ['a', 'a']}, ('x', 'x')), 'levels must be different'),
        (both({'a': []}, ()), 'levels must be different names'),
        (both({'a': ['a', 'x', 'y']}), "class 'a' needs one name for each"),
        (both({'a': ['a']}), r"'a' needs one name .* got \['a'\]"),
        (both({'a': 'ax'}), "class 'a' needs one name for each"),
        (both({'a': ['a', 1]}), "class 'a' needs one name for each"),
        (both({'a': ['b', 'x']}), "class 'a' must come first in its own"),
        (TWICE, r"'a' is given twice, as \['a', 'x'\] and as \['a', 'y'\]"),
        (
            both({'a': ['a', 'm', 'x'], 'b': ['b', 'm', 'y']}, LEVELS),
            "middle class 'm' has two parents, 'x' and 'y'",
        ),
    ],
)
def test_wrong_file(tmp_path, content, match):
    path = write(tmp_path / 'h.json', content)
    with pytest.raises(ValueError, match=match) as error:
        load_hierarchy(path)
    assert str(error.value).startswith(f'{path} is not a class hierarchy: ')

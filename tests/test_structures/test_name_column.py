"""Names in one array of bytes are the names."""

import copy
import pickle
import tracemalloc

import numpy as np
import pytest

from hirl_mm.structures import EmbeddedImages, name_column
from hirl_mm.structures.name_column import NameColumn
from tests.test_structures.test_embedded_images import PARTS

NAMES = ['b/1.png', '', 'ü\n"2".png', '\udcff.png', '猫.jpg', 'b']


@pytest.mark.parametrize('at_a_time', [1, 2, 65536])
def test_a_column_is_its_list(at_a_time, monkeypatch):
    monkeypatch.setattr(name_column, '_NAMES', at_a_time)
    column = NameColumn(iter(NAMES))
    assert len(column) == 6 and list(column) == NAMES
    assert [column[i] for i in range(-6, 6)] == NAMES * 2
    for part in (slice(1, 4), slice(None, None, -2), slice(9, 20)):
        assert column[part] == NAMES[part]
        assert list(column.take(part)) == NAMES[part]
    for numbers in ([4, 0, 0, 3], [], np.array([2, 5])):
        taken = column.take(numbers)
        assert list(taken) == [NAMES[i] for i in numbers]
        assert list(taken.take(slice(1, None))) == list(taken)[1:]
    for i in (6, -7):
        with pytest.raises(IndexError):
            column[i]
    assert '猫.jpg' in column and column.index('b') == 5
    assert list(pickle.loads(pickle.dumps(column))) == NAMES
    assert copy.deepcopy(column) is column


def test_no_names():
    column = NameColumn([])
    assert len(column) == 0 and list(column) == column[:] == []


def test_a_name_that_ends_another():
    with pytest.raises(ValueError, match='character NUL'):
        NameColumn(['a\0b'])


def test_a_column_takes_little_more_than_its_bytes(monkeypatch):
    """8 bytes for the places of a name; also while it is made."""
    monkeypatch.setattr(name_column, '_NAMES', 1000)
    num = 20_000
    size = num * len('n01440764/n01440764_00000.JPEG') + num
    tracemalloc.start()
    column = NameColumn(f'n01440764/n01440764_{i:05}.JPEG' for i in range(num))
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert column.nbytes == size + 8 * num
    assert kept < column.nbytes * 1.13
    assert most < column.nbytes * 1.6


def test_images_keep_a_column():
    images = EmbeddedImages(**PARTS)
    assert isinstance(images.paths, NameColumn)
    assert list(images.paths) == PARTS['paths']
    again = EmbeddedImages(**PARTS | dict(paths=images.paths))
    assert again.paths is images.paths

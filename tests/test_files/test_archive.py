"""Damage of files, wherever it is."""

import os

import pytest
import torch

from hirl_mm.checkpoints import load_tree, read_checkpoint
from hirl_mm.files import BrokenFileError, check_archive
from hirl_mm.files.archive import checksum
from hirl_mm.structures import NeighborTable
from tests.trees import random_tree


@pytest.fixture
def file(tmp_path):
    """A checkpoint with one large tensor among small things."""
    content = dict(weight=torch.arange(500.0), meta=dict(epoch=1, iter=2))
    torch.save(content, tmp_path / 'epoch_1.pth')
    return tmp_path / 'epoch_1.pth'


def flip(file, byte, bit=0):
    content = bytearray(file.read_bytes())
    content[byte] ^= 1 << bit
    file.write_bytes(content)


def flip_weight(file, values):
    """Change a tensor in a file by one bit."""
    place = file.read_bytes().index(values.numpy().tobytes())
    flip(file, place + values.nbytes // 2)


def test_a_flipped_bit_of_a_weight(file):
    check_archive(file)
    flip_weight(file, torch.arange(500.0))
    # PyTorch does not see it.
    assert not torch.load(file)['weight'].equal(torch.arange(500.0))
    with pytest.raises(BrokenFileError) as error:
        read_checkpoint(file)
    assert str(error.value) == (
        f'{file} is damaged: its part epoch_1/data/0 has another checksum '
        'than when it was written. Use an earlier file, or write this one '
        'again'
    )


def test_a_flipped_bit_anywhere(file):
    """It is an error, or changes nothing that is read."""
    content, expected = file.read_bytes(), torch.load(file)
    seen = set()
    for byte in range(0, len(content), 13):
        flip(file, byte, byte % 8)
        try:
            read = read_checkpoint(file)
        except OSError as error:
            assert str(file) in str(error) and '\n' not in str(error)
            seen.add('error')
        else:
            assert read['weight'].equal(expected['weight'])
            assert read['meta'] == expected['meta']
            seen.add('padding')
        file.write_bytes(content)
    assert seen == {'error', 'padding'}


@pytest.mark.parametrize('share', [0.0, 0.02, 0.5, 0.99])
def test_incomplete(share, file):
    os.truncate(file, int(file.stat().st_size * share))
    with pytest.raises(OSError, match=f'^{file} .*(incomplete|another kind)'):
        read_checkpoint(file)


def test_files_without_checksums(file):
    """Of PyTorch before 1.6."""
    torch.save(dict(a=1), file, _use_new_zipfile_serialization=False)
    check_archive(file)
    assert read_checkpoint(file) == dict(a=1)


def test_trees_and_neighbors(tmp_path):
    tree, file = random_tree((8, 3), 16), tmp_path / 'epoch_1.pth'
    for value, part in (
        (tree, tree.centroids[0]),
        (NeighborTable(torch.tensor([[1], [0]])), torch.tensor([[1], [0]])),
    ):
        value.save(file)
        type(value).load(file)
        flip_weight(file, part if part.is_floating_point() else part.int())
        with pytest.raises(BrokenFileError, match=f'^{file} is damaged'):
            type(value).load(file)
    tree.save(file)
    flip_weight(file, tree.centroids[0])
    with pytest.raises(ValueError, match=f'^{file} is damaged: its part'):
        load_tree(file)


def test_checksum_of_any_file(file):
    before = checksum(file)
    flip(file, -1)
    assert checksum(file) != before

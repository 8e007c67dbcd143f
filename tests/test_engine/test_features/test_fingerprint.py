"""What two fingerprints have to tell apart, and what not."""

import hashlib
import shutil

import pytest
from mmpretrain.datasets import CustomDataset

from hirl_mm.engine.features.fingerprint import (
    config_fingerprint,
    data_fingerprint,
    file_fingerprint,
)


def data(root, lines):
    """A labelled data set; its images are not read."""
    root.mkdir(exist_ok=True)
    (root / 'list.txt').write_text('\n'.join(lines))
    return CustomDataset(
        data_root=str(root), data_prefix='', ann_file='list.txt'
    )


LINES = ['a/1.png 0', 'a/2.png 0', 'b/1.png 1']


def test_folder_may_move(tmp_path):
    here = data_fingerprint(data(tmp_path / 'here', LINES))
    shutil.rmtree(tmp_path / 'here')
    assert data_fingerprint(data(tmp_path / 'there', LINES)) == here


@pytest.mark.parametrize(
    'lines',
    [
        ['a/1.png 0', 'a/2.png 1', 'b/1.png 1'],
        ['a/1.png 0', 'a/3.png 0', 'b/1.png 1'],
        ['a/2.png 0', 'a/1.png 0', 'b/1.png 1'],
        LINES[:2],
    ],
    ids=['label', 'name', 'order', 'number'],
)
def test_other_data(lines, tmp_path):
    here = data_fingerprint(data(tmp_path, LINES))
    assert data_fingerprint(data(tmp_path, lines)) != here


def test_order_of_keys_does_not_count():
    assert config_fingerprint(dict(a=1, b=[2, 3])) == config_fingerprint(
        dict(b=[2, 3], a=1)
    )
    assert config_fingerprint(dict(a=1)) != config_fingerprint(dict(a=2))


def test_file(tmp_path):
    content = bytes(range(256)) * 10_000
    (tmp_path / 'file').write_bytes(content)
    expected = hashlib.sha256(content).hexdigest()
    assert file_fingerprint(tmp_path / 'file') == expected

"""Images that are found for images and prototypes."""

import os

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from hirl_mm.structures import EmbeddedImages, PrototypeTree
from hirl_mm.studies.hierarchy_use import image_files, search
from hirl_mm.studies.hierarchy_use.retrieved import (
    Query,
    draw_found,
    found_records,
    image_queries,
    prototype_query,
)


@pytest.fixture
def images(tmp_path):
    """Directions at 0, 10, ... 80 degrees; two leaves in one branch."""
    angle = torch.deg2rad(torch.arange(0.0, 90, 10))
    rows = torch.stack([angle.cos(), angle.sin()], 1)
    leaf = torch.tensor([0] * 5 + [1] * 4)
    tree = PrototypeTree(
        [torch.eye(2), F.normalize(torch.ones(1, 2))],
        [torch.tensor([0, 0])],
        leaf,
    )
    paths = []
    for i in range(9):
        name = f'{i} "<b>\n🐈.png' if i == 1 else f'{i}.png'
        paths.append(str(tmp_path / name))
        Image.new('RGB', (9, 9), (25 * i, 255, 0)).save(paths[-1])
    return EmbeddedImages(tree, paths, rows.half(), leaf)


def files_of(images, batch):
    return [images.paths.index(file) for file in batch['file']]


@pytest.mark.parametrize('indexed', [False, True])
def test_an_image_is_not_found_for_itself(images, indexed, tmp_path):
    index = None
    if indexed:
        pytest.importorskip('faiss')
        index = tmp_path / 'index.faiss'
    os.symlink(images.paths[4], tmp_path / 'link.png')
    files = [images.paths[0], str(tmp_path / 'link.png')]
    own = EmbeddedImages(
        images.tree, files, images.rows[[0, 4]], images.leaf[[0, 4]]
    )
    queries = image_queries(own)
    found = search(images, queries, 3, index)
    first, second = found_records(images, queries, found)
    assert files_of(images, first) == [1, 2, 3]
    assert files_of(images, second) == [3, 5, 2]
    assert second['member'] == [True, False, True]
    assert second['query'] == [files[1]] * 3 and second['rank'] == [1, 2, 3]
    assert first['path'] == [[0, 0]] * 3
    expected = torch.deg2rad(torch.tensor([10.0, 20, 30])).cos()
    assert first['similarity'] == pytest.approx(expected.tolist(), abs=1e-3)


def test_prototypes(images):
    queries = [prototype_query(images, 0, 1), prototype_query(images, 1, 0)]
    assert [q.path for q in queries] == [[1, 0], [None, 0]]
    found = search(images, queries, 5)
    first, second = found_records(images, queries, found)
    assert files_of(images, first) == [8, 7, 6, 5, 4]
    assert first['member'] == [True] * 4 + [False]
    assert files_of(images, second)[:2] == [4, 5]
    assert second['member'] == [True] * 5
    assert first['query'][0] == '0:1'
    for level, node in ((2, 0), (0, 2)):
        with pytest.raises(ValueError, match='must lie in'):
            prototype_query(images, level, node)


def test_picture(images, tmp_path):
    queries = [
        Query(images.paths[1], images.rows[1], [0, 0], images.paths[1]),
        prototype_query(images, 0, 0),
    ]
    found = search(images, queries, 3)
    draw_found(images, queries, found, tmp_path / 'found.png')
    with Image.open(tmp_path / 'found.png') as picture:
        pixels = picture.convert('RGB').getcolors(1 << 24)
    colors = {color for _, color in pixels}
    shown = {(25 * i, 255, 0) for i in (0, 1, 2, 3)}
    assert shown <= colors and (25 * 8, 255, 0) not in colors


def test_unreadable_queries_and_missing_files(images, tmp_path):
    own = EmbeddedImages(
        images.tree,
        ['a\nb.png'],
        torch.full((1, 2), torch.nan),
        torch.tensor([-1]),
    )
    with pytest.raises(ValueError, match=r'cannot read the image a\\nb.png'):
        image_queries(own)
    with pytest.raises(FileNotFoundError, match='no image or folder .*none'):
        image_files([str(tmp_path / 'none')])
    assert set(image_files([str(tmp_path)])) == set(images.paths)
    assert image_files([images.paths[3]]) == [images.paths[3]]

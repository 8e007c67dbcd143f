"""An index of faiss, against a comparison with all images."""

from dataclasses import replace

import pytest
import torch

from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.hierarchy import nearest_images
from hirl_mm.hierarchy.leaf_index import LeafIndex
from hirl_mm.structures import EmbeddedImages
from tests.trees import blobs

pytest.importorskip('faiss')
NUM = 400


@pytest.fixture(scope='module')
def images():
    rows = blobs(NUM, 24, num_blobs=30, spread=0.1)
    tree = hierarchical_kmeans(rows, (30, 5), seed=0)
    leaf = tree.leaf.clone()
    leaf[::40] = -1
    rows[::40] = torch.nan
    paths = [f'{i}.png' for i in range(NUM)]
    return EmbeddedImages(tree, paths, rows.half(), leaf)


def test_all_leaves_give_the_exact_result(images, tmp_path):
    queries = torch.randn(7, 24)
    index = LeafIndex(images, tmp_path / 'i.faiss')
    found = index.search(queries, k=12, num_leaves=30)
    exact = nearest_images(queries, images.rows, 12, images.leaf >= 0)
    assert torch.equal(found.image, exact.image)
    torch.testing.assert_close(
        found.similarity, exact.similarity, atol=1e-6, rtol=0
    )


def test_few_leaves_find_almost_all(images, tmp_path):
    queries = images.rows[1:40].float()
    index = LeafIndex(images, tmp_path / 'i.faiss')
    found = index.search(queries, k=5, num_leaves=4).image
    exact = nearest_images(queries, images.rows, 5, images.leaf >= 0).image
    same = (found[:, :, None] == exact[:, None]).any(2)
    assert same.float().mean() > 0.95
    assert torch.equal(found[:, 0], torch.arange(1, 40))
    # One leaf, of fewer images than asked for: the rest is missing.
    found = index.search(queries[:3], k=300, num_leaves=1)
    sizes = images.leaf[images.leaf >= 0].bincount(minlength=30)
    kept = (found.image >= 0) & found.similarity.isfinite()
    assert kept.sum(1).tolist() == sizes[images.leaf[1:4]].tolist()


def test_the_file_is_used_only_for_its_images(images, tmp_path):
    file = tmp_path / 'i.faiss'
    LeafIndex(images, file)
    written = file.stat().st_mtime_ns
    queries = images.rows[1:5].float()
    again = LeafIndex(images, file)
    assert file.stat().st_mtime_ns == written
    assert again.search(queries, 1).image.flatten().tolist() == [1, 2, 3, 4]
    centroids = [-c for c in images.tree.centroids]
    other = replace(images, tree=replace(images.tree, centroids=centroids))
    LeafIndex(other, file)
    changed = file.stat().st_mtime_ns
    assert changed != written
    leaf = images.leaf.clone()
    leaf[5] = -1
    fewer = replace(other, leaf=leaf)
    assert LeafIndex(fewer, file).index.ntotal == NUM - 10 - 1
    file.write_bytes(b'no index')
    assert LeafIndex(fewer, file).index.ntotal == NUM - 10 - 1


def test_errors(images, tmp_path):
    index = LeafIndex(images, tmp_path / 'i.faiss')
    for options in (dict(k=0), dict(k=1, num_leaves=0)):
        with pytest.raises(ValueError, match='must be at least 1'):
            index.search(torch.ones(1, 24), **options)

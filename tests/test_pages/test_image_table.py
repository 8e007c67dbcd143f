import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from hirl_mm.pages.image_table import coordinates, write_image_table
from tests.page_data import shown_random
from tests.trees import blobs


def test_a_row_per_image(tmp_path):
    pytest.importorskip('pyarrow', exc_type=ImportError)
    from pyarrow import parquet

    shown = shown_random()
    paths = [
        *shown.paths[:-1],
        b'odd \xff.png'.decode(errors='surrogateescape'),
    ]
    shown = replace(shown, paths=paths)
    out = tmp_path / 'images.parquet'
    assert write_image_table(shown, out) == 't-SNE'
    table = parquet.read_table(out)
    assert table.schema.metadata[b'coordinates'] == b't-SNE'
    rows = table.to_pylist()
    assert list(rows[0]) == [
        *('path', 'label', 'level_0', 'similarity_0', 'level_1'),
        *('similarity_1', 'level_2', 'similarity_2', 'x', 'y'),
    ]
    assert rows[-1]['path'] == 'odd \ufffd.png'
    tree_paths = shown.tree.paths(shown.leaf).tolist()
    for i, row in enumerate(rows):
        label = int(shown.labels[i])
        expected = shown.class_names[label] if label >= 0 else None
        assert row['label'] == expected
        for level, node in enumerate(tree_paths[i]):
            if node < 0:
                assert row[f'level_{level}'] is None
                assert row[f'similarity_{level}'] is None
            else:
                assert row[f'level_{level}'] == node
                assert row[f'similarity_{level}'] == pytest.approx(
                    float(shown.similarity[i, level])
                )
        assert (row['x'] is None) == (tree_paths[i][0] < 0)


def test_principal_components_are_those_of_scikit_learn():
    rows = torch.randn(300, 10) * torch.arange(1, 11)
    rows[[4, 250]] = torch.nan
    name, points = coordinates(rows, most_for_tsne=100)
    assert name == 'PCA' and np.isnan(points[[4, 250]]).all()
    known = np.isfinite(points[:, 0])
    expected = PCA(2).fit_transform(rows[known].double().numpy())
    for axis in range(2):
        found = points[known, axis]
        sign = np.sign(found @ expected[:, axis])
        np.testing.assert_allclose(found, sign * expected[:, axis], atol=1e-4)


def test_principal_components_do_not_depend_on_the_chunks(monkeypatch):
    rows = F.normalize(torch.randn(300, 10)).half()
    _, whole = coordinates(rows, most_for_tsne=0)
    monkeypatch.setattr('hirl_mm.pages.image_table._CHUNK', 64)
    _, parts = coordinates(rows, most_for_tsne=0)
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_tsne_keeps_neighbours_together():
    rows = blobs(120, 16, 6)
    name, points = coordinates(rows)
    assert name == 't-SNE'
    assert trustworthiness(rows, points, n_neighbors=5) > 0.85
    np.testing.assert_array_equal(coordinates(rows)[1], points)


@pytest.mark.parametrize('num', [0, 1, 2, 7, 8])
def test_few_images(num):
    rows = torch.full((9, 3), torch.nan)
    rows[:num] = F.normalize(torch.randn(num, 3))
    _, points = coordinates(rows)
    assert np.isfinite(points).all(1).sum() == num


def test_embeddings_of_one_dimension():
    _, points = coordinates(torch.randn(20, 1), most_for_tsne=0)
    assert (points[:, 1] == 0).all() and np.ptp(points[:, 0]) > 0


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    out = tmp_path / 'images.parquet'
    monkeypatch.setitem(sys.modules, 'pyarrow', None)
    with pytest.raises(ValueError, match=r'pip install "hirl_mm\[parquet\]"'):
        write_image_table(shown_random(), out)
    monkeypatch.undo()
    pytest.importorskip('pyarrow', exc_type=ImportError)
    plain = replace(shown_random(), rows=None)
    with pytest.raises(ValueError, match='give the folder of a run'):
        write_image_table(plain, out)
    assert not out.exists()

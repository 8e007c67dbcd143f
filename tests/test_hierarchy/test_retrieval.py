"""The nearest images, against a sort of all float64 cosines."""

import numpy as np
import pytest
import torch

from hirl_mm.hierarchy import nearest_images
from tests.trees import blobs


@pytest.mark.parametrize('chunk_size', [7, 64, 1000])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_nearest_images(chunk_size, dtype):
    rows = blobs(150, 12, num_blobs=8).to(dtype)
    rows[::5] = torch.nan
    present = rows.isfinite().all(1)
    queries = torch.randn(6, 12)
    found = nearest_images(queries, rows, 9, present, chunk_size)
    unit = rows.double().numpy()
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    q = queries.double().numpy()
    cosine = (q / np.linalg.norm(q, axis=1, keepdims=True)) @ unit.T
    cosine[:, ~present.numpy()] = -np.inf
    order = np.argsort(-cosine, axis=1, kind='stable')[:, :9]
    assert np.array_equal(found.image, order)
    expected = np.take_along_axis(cosine, order, 1)
    np.testing.assert_allclose(found.similarity, expected, atol=1e-6)


def test_of_equal_images_the_first_comes_first():
    rows = torch.eye(4)[[1, 0, 0, 1, 0]]
    found = nearest_images(torch.eye(4)[:1], rows, 4, chunk_size=2)
    assert found.image.tolist() == [[1, 2, 4, 0]]


def test_fewer_images_than_asked_for():
    rows = torch.eye(3)
    present = torch.tensor([True, False, True])
    found = nearest_images(torch.eye(3)[:2], rows, 10, present)
    assert found.image.tolist() == [[0, 2], [0, 2]]


def test_errors():
    rows = torch.eye(3)
    with pytest.raises(ValueError, match='none could be read'):
        nearest_images(rows, rows, 1, torch.zeros(3, dtype=torch.bool))
    with pytest.raises(ValueError, match='k must be at least 1, got 0'):
        nearest_images(rows, rows, 0)
    with pytest.raises(ValueError, match='one value for each of the 3'):
        nearest_images(rows, rows, 1, torch.ones(2, dtype=torch.bool))

import numpy as np
import pytest
import torch

from hirl_mm.features import top_k_neighbors


def naive_neighbors(queries, gallery, k):
    """Float64, one query at a time; ties go to the smaller index."""
    similarities, indices = [], []
    for query in queries:
        row = []
        for i, other in enumerate(gallery):
            norm = np.linalg.norm(query) * np.linalg.norm(other)
            row.append((-float(query @ other) / norm, i))
        row = sorted(row)[:k]
        similarities.append([-s for s, _ in row])
        indices.append([i for _, i in row])
    return np.array(similarities), np.array(indices)


def features(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scale = torch.rand(shape[0], 1, generator=generator) * 9 + 0.1
    return torch.randn(*shape, generator=generator) * scale


@pytest.mark.parametrize('chunk_size', [1, 4, 7, 23, 4096])
def test_equals_the_naive_search_for_any_chunk_size(chunk_size):
    queries, gallery = (
        features(9, 5).double(),
        features(23, 5, seed=1).double(),
    )
    similarities, indices = top_k_neighbors(queries, gallery, 8, chunk_size)
    expected = naive_neighbors(queries.numpy(), gallery.numpy(), 8)
    np.testing.assert_allclose(similarities, expected[0], atol=1e-12)
    np.testing.assert_array_equal(indices, expected[1])


def test_hand_made_case():
    gallery = torch.tensor([[0.0, 3.0], [-1.0, 0.0], [2.0, 2.0], [9.0, 0.0]])
    similarities, indices = top_k_neighbors(
        torch.tensor([[0.5, 0]]), gallery, 4
    )
    assert indices.tolist() == [[3, 2, 0, 1]]
    expected = torch.tensor([[1, 0.5**0.5, 0, -1]])
    torch.testing.assert_close(similarities, expected)


@pytest.mark.parametrize(
    ('chunk_size', 'k'), [(1, 3), (2, 1), (3, 12), (5, 5), (64, 3), (64, 12)]
)
def test_ties_go_to_the_smaller_index(chunk_size, k):
    # axis-aligned rows, so that equal similarities are equal to the last bit
    axes = torch.eye(3)[[1, 0, 0, 2, 0, 1, 0, 0, 2, 0, 1, 0]]
    queries = torch.eye(3)
    _, indices = top_k_neighbors(queries, axes, k, chunk_size)
    expected = naive_neighbors(queries.numpy(), axes.numpy(), k)[1]
    assert indices.tolist() == expected.tolist()


def test_never_compares_more_than_a_chunk_with_a_chunk():
    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        largest = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            if func is torch.ops.aten.mm.default:
                self.largest = max(self.largest, out.numel())
            return out

    with Watch() as watch:
        top_k_neighbors(features(50, 4), features(90, 4), 3, chunk_size=8)
    assert watch.largest == 8 * 8


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_features_are_compared_in_float32(dtype):
    queries, gallery = (
        features(6, 8).to(dtype),
        features(40, 8, seed=1).to(dtype),
    )
    similarities, indices = top_k_neighbors(queries, gallery, 5)
    assert similarities.dtype == torch.float32
    expected = naive_neighbors(
        queries.double().numpy(), gallery.double().numpy(), 5
    )
    np.testing.assert_allclose(similarities, expected[0], atol=1e-6)
    np.testing.assert_array_equal(indices, expected[1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_a_half_gallery_on_the_cpu_serves_queries_on_a_gpu():
    queries, gallery = features(20, 6), features(50, 6, seed=1).half()
    expected = top_k_neighbors(queries, gallery, 9)
    similarities, indices = top_k_neighbors(queries.cuda(), gallery, 9, 8)
    assert indices.is_cuda
    torch.testing.assert_close(similarities.cpu(), expected[0])
    assert indices.tolist() == expected[1].tolist()


def test_makes_no_graph():
    gallery = features(10, 3).requires_grad_()
    assert not top_k_neighbors(gallery, gallery, 2)[0].requires_grad


@pytest.mark.parametrize(
    ('queries', 'gallery', 'k', 'chunk_size', 'match'),
    [
        (torch.ones(2, 3), torch.ones(4, 3), 5, 8, 'k = 5 and a gallery of 4'),
        (torch.ones(2, 3), torch.ones(4, 3), 0, 8, 'at least 1, got 0'),
        (torch.ones(2, 3), torch.ones(4, 2), 1, 8, r'\(2, 3\) and \(4, 2\)'),
        (torch.ones(3), torch.ones(4, 3), 1, 8, r'got \(3,\) and \(4, 3\)'),
        (torch.ones(0, 3), torch.ones(4, 3), 1, 8, 'queries must hold at le'),
        (torch.ones(2, 3), torch.ones(4, 3), 1, 0, 'chunk_size must be at'),
    ],
)
def test_rejects(queries, gallery, k, chunk_size, match):
    with pytest.raises(ValueError, match=match):
        top_k_neighbors(queries, gallery, k, chunk_size)


@pytest.mark.parametrize('name', ['queries', 'gallery'])
@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
def test_names_rows_that_are_not_finite(name, bad):
    both = {'queries': features(6, 3), 'gallery': features(8, 3)}
    both[name][2, 1] = both[name][5, 0] = bad
    match = rf'{name} must be finite, but 2 of \d rows .* \[2, 5\]'
    with pytest.raises(ValueError, match=match):
        top_k_neighbors(**both, k=2, chunk_size=4)

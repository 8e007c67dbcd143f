import pytest
import torch

from benchmarks.common.memory import peak_bytes
from hirl_mm.clustering import torch_assignment
from hirl_mm.clustering.assignment import assignment
from hirl_mm.clustering.torch_assignment import assign_torch
from tests.trees import blobs


def rows(num, dim, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(num, dim, generator=generator)


def squared_distances(x, c):
    return (x.double()[:, None] - c.double()).square().sum(2)


@pytest.mark.parametrize(
    ('num', 'num_clusters', 'dim'),
    [
        *((0, 33, 3), (1, 1, 1), (1, 4100, 3), (3, 2, 40), (500, 1, 3)),
        # Around the columns that are folded, and more than one block of them
        *((500, 31, 3), (500, 32, 1), (500, 33, 40), (500, 100, 40)),
        *((500, 2049, 3), (500, 4100, 40)),
    ],
)
def test_equals_brute_force(num, num_clusters, dim):
    x, c = rows(num, dim), rows(num_clusters, dim, seed=1)
    labels, distance = assign_torch(x, c)
    exact = squared_distances(x, c)
    best = exact.amin(1)
    chosen = exact.gather(1, labels[:, None])[:, 0]
    torch.testing.assert_close(chosen, best, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(distance.double(), best, atol=1e-4, rtol=1e-4)


def test_long_and_short_centroids():
    """Half the squared norm counts, not the product alone."""
    x = torch.tensor([[1.0, 0.0], [4.0, 0.0], [-1.0, 0.0]])
    c = torch.tensor([[9.0, 0.0], [1.5, 0.0], [-20.0, 0.0]])
    labels, distance = assign_torch(x, c)
    assert labels.tolist() == [1, 1, 1]
    torch.testing.assert_close(distance, torch.tensor([0.25, 6.25, 6.25]))


@pytest.mark.parametrize('budget', [200, 5_000, 60_000])
@pytest.mark.parametrize('most_columns', [32, 64, 10**6])
def test_blocks_do_not_change_the_assignment(
    budget, most_columns, monkeypatch
):
    x, c = blobs(100, 8, 5), blobs(130, 8, 5, seed=1)
    labels, distance = assign_torch(x, c)
    monkeypatch.setitem(torch_assignment._BLOCK_BYTES, 'cpu', budget)
    monkeypatch.setitem(torch_assignment._MOST_COLUMNS, 'cpu', most_columns)
    in_blocks = assign_torch(x, c)
    assert torch.equal(in_blocks[0], labels)
    torch.testing.assert_close(in_blocks[1], distance)


@pytest.mark.parametrize('precision', ['fp32', 'bf16'])
@pytest.mark.parametrize(('num', 'num_clusters'), [(4000, 500), (8000, 2000)])
def test_memory_is_the_budget_and_what_is_returned(
    num, num_clusters, precision, monkeypatch
):
    monkeypatch.setitem(torch_assignment._BLOCK_BYTES, 'cpu', 400_000)
    x, c = rows(num, 8), rows(num_clusters, 8, seed=1)
    returned = num * (8 + 4 + 4)
    table = 2 * (num_clusters + 32) * (8 + 2) * 4
    peak = peak_bytes(lambda: assign_torch(x, c, precision), 'cpu')
    assert peak < returned + 2 * table + 2 * 400_000
    assert peak < num * num_clusters * 4 / 4


def test_bfloat16_chooses_by_rounded_operands():
    x, c = rows(3000, 16), rows(50, 16, seed=1)
    labels, distance = assign_torch(x, c, 'bf16')
    rounded_x, rounded_c = (t.bfloat16().double() for t in (x, c))
    score = rounded_x @ rounded_c.T - c.double().square().sum(1) / 2
    assert torch.equal(labels, score.argmax(1))
    assert not torch.equal(labels, assign_torch(x, c)[0]), 'no label differs'
    exact = squared_distances(x, c).gather(1, labels[:, None])[:, 0]
    torch.testing.assert_close(distance.double(), exact, atol=1e-5, rtol=1e-5)


def lost(score, labels):
    found = score.gather(1, labels[:, None])[:, 0]
    return (score.amax(1) - found).max().item()


def test_tf32_does_not_touch_the_bias(monkeypatch):
    """Hardware rounds what is multiplied, so the bias must survive that."""
    x, c = rows(5000, 4), rows(400, 4, seed=1)
    mm = torch.mm

    def cut(values):
        return (values.view(torch.int32) & ~0x1FFF).view(torch.float32)

    def in_tf32(first, second, out):
        return mm(cut(first.contiguous()), cut(second.T).T, out=out)

    monkeypatch.setattr(torch, 'mm', in_tf32)
    labels, _ = assign_torch(x, c, 'tf32')
    score = cut(x).double() @ cut(c).double().T
    score -= c.double().square().sum(1) / 2
    assert lost(score, labels) < 2e-6

    half_norm = c.square().sum(1) / 2
    touched = score + (half_norm - cut(half_norm)).double()
    assert lost(score, touched.argmax(1)) > 1e-4, 'it must matter'


def matmul_setting():
    matmul = torch.backends.cuda.matmul
    if hasattr(matmul, 'fp32_precision'):
        return matmul.fp32_precision
    return matmul.allow_tf32


@pytest.mark.parametrize('precision', ['fp32', 'tf32', 'bf16'])
def test_the_setting_of_the_user_stays(precision):
    before = matmul_setting()
    assign_torch(rows(5, 4), rows(3, 4), precision)
    assert matmul_setting() == before
    with pytest.raises(RuntimeError):
        assign_torch(rows(5, 4), rows(3, 9), precision)
    assert matmul_setting() == before


@pytest.mark.parametrize(('precision', 'tf32'), [('fp32', 0), ('tf32', 1)])
def test_float32_is_kept_from_tf32(precision, tf32, monkeypatch):
    seen, mm = [], torch.mm

    def note(*args, **kwargs):
        seen.append(matmul_setting())
        return mm(*args, **kwargs)

    monkeypatch.setattr(torch, 'mm', note)
    assign_torch(rows(5, 4), rows(3, 4), precision)
    assert set(seen) == {('ieee', 'tf32')[tf32]} or set(seen) == {bool(tf32)}


def test_auto_takes_faiss_for_few_centroids_on_a_cpu():
    few = assignment('auto', torch.device('cpu'), 100)
    many = assignment('auto', torch.device('cpu'), 1000)
    assert few.__name__ == 'assign_faiss'
    assert many.func is assign_torch

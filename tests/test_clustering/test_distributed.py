import pytest
import torch
import torch.distributed as dist

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from hirl_mm.structures import PrototypeTree
from tests.processes import run_processes
from tests.ranks import on_ranks
from tests.trees import blobs

NUMS = (40, 12, 4)


def features():
    return blobs(501, 16, num_blobs=40, spread=0.2)


def earlier_tree():
    """Of other numbers, so that prototypes are dropped and drawn."""
    return hierarchical_kmeans(features().roll(1, 1), (36, 14, 4))


OPTIONS = {
    'torch': lambda: dict(backend='torch'),
    'faiss': lambda: dict(backend='faiss'),
    'fast': lambda: dict(num_restarts=(1, 5, 5), tol=1e-3, backend='torch'),
    'bf16': lambda: dict(precision='bf16', num_restarts=1),
    'warm': lambda: dict(start=earlier_tree(), tol=1e-3),
}


def cluster_shard(rank, folder, name):
    x = features()
    idx = torch.arange(len(x))[rank :: dist.get_world_size()].flip(0)
    tree = hierarchical_kmeans(x[idx], NUMS, sample_idx=idx, **OPTIONS[name]())
    tree.save(f'{folder}/{rank}.pth')


@pytest.mark.parametrize(
    ('world_size', 'name'),
    [*((2, name) for name in OPTIONS), (3, 'torch'), (3, 'warm')],
)
def test_same_tree_for_any_number_of_processes(world_size, name, tmp_path):
    run_processes(cluster_shard, world_size, str(tmp_path), name)
    alone = hierarchical_kmeans(features(), NUMS, **OPTIONS[name]())
    for rank in range(world_size):
        tree = PrototypeTree.load(tmp_path / f'{rank}.pth')
        assert torch.equal(tree.leaf, alone.leaf)
        for mine, theirs in zip(tree.parents, alone.parents, strict=True):
            assert torch.equal(mine, theirs)
        for mine, theirs in zip(tree.centroids, alone.centroids, strict=True):
            torch.testing.assert_close(mine, theirs)
        assert tree.objective == pytest.approx(alone.objective, rel=1e-5)


def count_bytes(rank, folder, num):
    x = blobs(num, 16, num_blobs=40, spread=0.2)
    idx = torch.arange(rank, num, 2)
    travelled, reduce = [], dist.all_reduce

    def counting(tensor, *args, **kwargs):
        travelled.append(tensor.numel() * tensor.element_size())
        return reduce(tensor, *args, **kwargs)

    dist.all_reduce = counting
    for num_iters in (2, 5):
        kmeans(x[idx], 30, num_iters=num_iters, sample_idx=idx)
        torch.save(travelled, f'{folder}/{rank}_{num}_{num_iters}.pth')
        travelled.clear()


def test_an_iteration_exchanges_sums_and_counts_whatever_the_rows(tmp_path):
    of_iterations = []
    for num in (501, 1203):
        run_processes(count_bytes, 2, str(tmp_path), num)
        few, more = (
            sum(torch.load(tmp_path / f'0_{num}_{n}.pth')) for n in (2, 5)
        )
        of_iterations.append((more - few) / 3)
    sums, counts, objective = 30 * 16 * 4, 30 * 4, 8
    assert of_iterations == [sums + counts + objective] * 2


def cluster_on_one_rank(rank, folder):
    if rank == 0:
        centroids, _, _ = kmeans(features(), 5)
        torch.save(centroids, f'{folder}/centroids.pth')


def test_a_whole_set_needs_no_other_process(tmp_path):
    run_processes(cluster_on_one_rank, 2, str(tmp_path))
    found = torch.load(tmp_path / 'centroids.pth')
    assert torch.equal(found, kmeans(features(), 5)[0])


def nan_on_rank_one(rank):
    x = torch.randn(10, 4)
    if rank == 1:
        x[3] = float('nan')
    with pytest.raises(ValueError, match='1 of 20 rows'):
        kmeans(x, 2, sample_idx=torch.arange(rank, 20, 2))


def test_all_processes_hear_of_a_bad_feature():
    run_processes(nan_on_rank_one, 2)


def test_more_ranks_than_prototypes_of_a_level():
    """Level 1 clusters two rows: ranks 2, 3 and 4 have none of them."""
    x = blobs(5, 4, num_blobs=2, spread=0.2)
    alone = hierarchical_kmeans(x, (2, 1))
    found = on_ranks(
        5,
        lambda rank: hierarchical_kmeans(
            x[rank : rank + 1], (2, 1), sample_idx=torch.tensor([rank])
        ),
    )
    for tree in found:
        assert torch.equal(tree.leaf, alone.leaf)
        assert tree.parents[0].tolist() == [0, 0]
        torch.testing.assert_close(tree.centroids[1], alone.centroids[1])

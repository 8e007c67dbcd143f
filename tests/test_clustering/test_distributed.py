import pytest
import torch
import torch.distributed as dist

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from hirl_mm.structures import PrototypeTree
from tests.processes import run_processes
from tests.trees import blobs

NUMS = (40, 12, 4)


def features():
    return blobs(501, 16, num_blobs=40, spread=0.2)


def cluster_shard(rank, folder, backend):
    x = features()
    idx = torch.arange(len(x))[rank :: dist.get_world_size()].flip(0)
    tree = hierarchical_kmeans(x[idx], NUMS, backend=backend, sample_idx=idx)
    tree.save(f'{folder}/{rank}.pth')


@pytest.mark.parametrize('backend', ['torch', 'faiss'])
@pytest.mark.parametrize('world_size', [2, 3])
def test_same_tree_for_any_number_of_processes(world_size, backend, tmp_path):
    run_processes(cluster_shard, world_size, str(tmp_path), backend)
    alone = hierarchical_kmeans(features(), NUMS, backend=backend)
    for rank in range(world_size):
        tree = PrototypeTree.load(tmp_path / f'{rank}.pth')
        assert torch.equal(tree.leaf, alone.leaf)
        for mine, theirs in zip(tree.parents, alone.parents, strict=True):
            assert torch.equal(mine, theirs)
        for mine, theirs in zip(tree.centroids, alone.centroids, strict=True):
            torch.testing.assert_close(mine, theirs)
        assert tree.objective == pytest.approx(alone.objective, rel=1e-5)


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

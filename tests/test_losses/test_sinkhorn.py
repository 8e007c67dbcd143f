import pytest
import torch
import torch.distributed as dist
from mmpretrain.models.losses.swav_loss import distributed_sinkhorn

from hirl_mm.losses import sinkhorn
from tests.oracles.swav import naive_sinkhorn
from tests.processes import run_processes

SCORES = torch.tensor(
    [
        [0.9, 0.1, 0.0],
        [0.8, 0.2, 0.1],
        [0.7, 0.0, 0.3],
        [0.1, 0.6, 0.2],
        [0.6, 0.1, 0.5],
        [0.2, 0.1, 0.1],
    ]
)


def random_scores(num=24, num_prototypes=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(num, num_prototypes, generator=generator) - 1


@pytest.mark.parametrize('epsilon', [0.01, 0.05, 1.0])
def test_equal_samples_are_spread_evenly(epsilon):
    scores = torch.tensor([[3.0, -2.0, 0.5, 9.0]]).expand(5, -1)
    found = sinkhorn(scores, epsilon)
    torch.testing.assert_close(found, torch.full((5, 4), 0.25))


def test_one_sample_for_each_of_two_prototypes():
    found = sinkhorn(torch.eye(2), 0.05)
    assert found[0, 1] == pytest.approx(2.06115e-9, rel=1e-4)
    torch.testing.assert_close(found, torch.eye(2))


@pytest.mark.parametrize(
    ('num_iters', 'masses', 'tolerance'),
    [
        (1, (1.98545, 2.00117, 2.01338), 1e-5),
        (3, (1.999867, 2.000093, 2.000040), 1e-6),
        (20, (2.0, 2.0, 2.0), 1e-6),
    ],
)
def test_masses_of_prototypes_converge(num_iters, masses, tolerance):
    found = sinkhorn(SCORES, 0.5, num_iters)
    torch.testing.assert_close(found.sum(1), torch.ones(6))
    torch.testing.assert_close(
        found.sum(0), torch.tensor(masses), atol=tolerance, rtol=0
    )


def test_first_sample_after_three_iterations():
    expected = torch.tensor([0.553131, 0.246367, 0.200502])
    torch.testing.assert_close(
        sinkhorn(SCORES, 0.5, 3)[0], expected, atol=1e-6, rtol=0
    )


@pytest.mark.parametrize('num_iters', [1, 2, 5])
@pytest.mark.parametrize('epsilon', [0.03, 0.5])
def test_naive_formula(num_iters, epsilon):
    scores = random_scores()
    found = sinkhorn(scores, epsilon, num_iters)
    expected = naive_sinkhorn(scores, epsilon, num_iters)
    torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=1e-4)


def test_three_iterations_unless_told():
    scores = random_scores()
    found = sinkhorn(scores, 0.05)
    assert torch.equal(found, sinkhorn(scores, 0.05, 3))
    assert not torch.equal(found, sinkhorn(scores, 0.05, 2))


def test_order_of_samples_and_prototypes_does_not_matter():
    scores = random_scores()
    rows, columns = torch.randperm(24), torch.randperm(7)
    torch.testing.assert_close(
        sinkhorn(scores[rows][:, columns], 0.05),
        sinkhorn(scores, 0.05)[rows][:, columns],
    )


def test_a_constant_on_all_scores_changes_nothing():
    scores = random_scores()
    torch.testing.assert_close(
        sinkhorn(scores + 2, 0.05), sinkhorn(scores, 0.05)
    )


def test_a_constant_on_one_sample_changes_the_first_iterations():
    scores = random_scores()
    shifted = scores.clone()
    shifted[0] += 0.3
    early = sinkhorn(scores, 0.5, 1) - sinkhorn(shifted, 0.5, 1)
    late = sinkhorn(scores, 0.5, 50) - sinkhorn(shifted, 0.5, 50)
    assert early.abs().max() > 1e-3 and late.abs().max() < 1e-5


def test_problems_side_by_side_are_solved_apart():
    first, second = random_scores(seed=1), random_scores(seed=2)
    together = sinkhorn(torch.stack((first, second)), 0.05)
    torch.testing.assert_close(together[0], sinkhorn(first, 0.05))
    torch.testing.assert_close(together[1], sinkhorn(second, 0.05))


@pytest.mark.parametrize('epsilon', [1e-4, 1e-3])
def test_no_score_is_too_large_and_no_prototype_too_far(epsilon):
    scores = random_scores() * 100
    scores[:, 2] = -1000.0
    found = sinkhorn(scores, epsilon, 10)
    assert found.isfinite().all()
    torch.testing.assert_close(found.sum(1), torch.ones(24))
    assert found[:, 2].sum() > 1


def test_half_precision_and_gradients():
    scores = random_scores().requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = sinkhorn(scores, 0.05)
    assert not found.requires_grad
    assert torch.equal(found, sinkhorn(scores, 0.05))
    assert sinkhorn(scores.bfloat16(), 0.05).dtype == torch.float32


def test_scores_are_not_changed():
    scores = random_scores()
    kept = scores.clone()
    sinkhorn(scores, 1.0)
    assert torch.equal(scores, kept)


def uneven_scores():
    """Samples whose first half likes other prototypes than the second."""
    scores = random_scores(num=9)
    scores[:5, :3] += 1.0
    return scores


def shard(rank, folder):
    scores = uneven_scores()
    mine = scores[:5] if rank == 0 else scores[5:]
    found = sinkhorn(mine, 0.3, 3)
    theirs = distributed_sinkhorn(mine, 3, dist.get_world_size(), 0.3)
    torch.save((found, theirs), f'{folder}/{rank}.pth')


def test_same_assignment_on_two_ranks(tmp_path):
    """mmpretrain's is another one, which each rank finds by itself."""
    run_processes(shard, 2, str(tmp_path))
    parts = [torch.load(tmp_path / f'{rank}.pth') for rank in range(2)]
    found, theirs = (torch.cat(rows) for rows in zip(*parts, strict=True))
    alone = sinkhorn(uneven_scores(), 0.3, 3)
    torch.testing.assert_close(found, alone)
    assert (theirs - alone).abs().max() > 0.05
    apart = torch.cat(
        [sinkhorn(half, 0.3, 3) for half in uneven_scores().split((5, 4))]
    )
    torch.testing.assert_close(theirs, apart)


def distant_prototype(rank, folder):
    """Prototype 0 is out of reach for the samples of rank 1."""
    scores = random_scores(num=8)
    scores[4:, 0] = -200.0
    found = sinkhorn(scores[4 * rank : 4 * rank + 4], 0.05)
    torch.save(found, f'{folder}/{rank}.pth')


def test_prototype_that_one_rank_does_not_see(tmp_path):
    run_processes(distant_prototype, 2, str(tmp_path))
    found = torch.cat([torch.load(tmp_path / f'{r}.pth') for r in range(2)])
    scores = random_scores(num=8)
    scores[4:, 0] = -200.0
    torch.testing.assert_close(found, sinkhorn(scores, 0.05))

import pytest
import torch
from mmengine.logging import MMLogger

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from hirl_mm.engine.runtime.progress import logged_share
from tests.trees import blobs


def told(cluster, *args, **options):
    shares = []
    result = cluster(*args, on_progress=shares.append, **options)
    return shares, result


def test_every_iteration_of_every_run_counts_alike():
    x = blobs(400, 8, num_blobs=30, spread=0.8)
    shares, _ = told(kmeans, x, 30, num_iters=3, num_restarts=2)
    distinct = sorted(set(shares))
    assert distinct == pytest.approx([i / 6 for i in range(1, 7)])
    assert shares == sorted(shares)


def test_a_run_that_ends_early_is_done():
    x = torch.eye(4)
    shares, _ = told(kmeans, x, 4, num_iters=50)
    assert len(shares) < 10
    assert shares[-1] == 1


def test_levels_count_by_their_work():
    """5 runs of 400 x 40 products, then 1 of 40 x 10."""
    x = blobs(400, 8, num_blobs=40, spread=0.8)
    shares, tree = told(
        hierarchical_kmeans, x, (40, 10), num_iters=2, num_restarts=(5, 1)
    )
    first = 5 * 400 * 40 / (5 * 400 * 40 + 40 * 10)
    assert min(abs(share - first) for share in shares) < 1e-9
    assert shares[0] == pytest.approx(first / 10)
    assert shares[-1] == pytest.approx(1)
    assert shares == sorted(shares)
    plain = hierarchical_kmeans(x, (40, 10), num_iters=2, num_restarts=(5, 1))
    assert torch.equal(tree.leaf, plain.leaf)


def test_a_warm_start_runs_once():
    x = blobs(400, 8, num_blobs=40, spread=0.8)
    start = hierarchical_kmeans(x, (40, 10), num_restarts=1)
    shares, _ = told(hierarchical_kmeans, x, (40, 10), start=start)
    assert shares[-1] == pytest.approx(1)


def test_what_is_logged(monkeypatch):
    lines, now = [], [100.0]
    monkeypatch.setattr('time.monotonic', lambda: now[0])
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'info', lines.append)
    log = logged_share('clustering')
    for seconds, share in ((5, 0.1), (12, 0.25), (15, 0.3), (30, 0.5)):
        now[0] = 100 + seconds
        log(share)
    assert lines == [
        'clustering: 25%, eta at most: 0:00:36',
        'clustering: 50%, eta at most: 0:00:30',
    ]

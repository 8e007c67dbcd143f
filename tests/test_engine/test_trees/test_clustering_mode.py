import pytest

from hirl_mm.engine.trees.mode import clustering_mode


def test_faithful_is_the_released_schedule():
    mode = clustering_mode('faithful', 3)
    assert (mode.num_iters, mode.num_restarts) == (20, (5, 5, 5))
    assert (mode.tol, mode.precision) == (0, 'fp32')
    assert not mode.from_training and mode.cold_interval == 1


@pytest.mark.parametrize(
    ('num_levels', 'restarts'), [(1, (1,)), (2, (1, 5)), (3, (1, 5, 5))]
)
def test_fast(num_levels, restarts):
    mode = clustering_mode('fast', num_levels)
    assert (mode.num_iters, mode.num_restarts) == (20, restarts)
    assert (mode.tol, mode.precision) == (1e-3, 'tf32')
    assert not mode.from_training and mode.cold_interval == 1


def test_bank_differs_from_fast_in_features_and_start():
    fast, bank = clustering_mode('fast', 3), clustering_mode('bank', 3)
    differs = {k for k, v in vars(fast).items() if v != getattr(bank, k)}
    assert differs == {'from_training', 'cold_interval'}
    assert bank.from_training and bank.cold_interval == 10


def test_changes_win_over_the_mode():
    mode = clustering_mode(
        'fast', 3, num_iters=7, num_restarts=2, tol=None, precision='bf16'
    )
    assert (mode.num_iters, mode.num_restarts) == (7, (2, 2, 2))
    assert (mode.tol, mode.precision) == (1e-3, 'bf16')
    assert clustering_mode('fast', 3, tol=0.0).tol == 0


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(name='quick'), r"\['bank', 'faithful', 'fast'\], got 'quick'"),
        (dict(num_iters=0), 'num_iters .*at least 1, got 0'),
        (dict(cold_interval=0), 'cold_interval .*at least 1, got 20 and 0'),
        (dict(tol=1.5), 'tol .*got 1.5'),
        (dict(precision='half'), "precision .*got 'half'"),
        (dict(num_restarts=(1, 5)), 'num_restarts .* of the 3 levels'),
    ],
)
def test_out_of_range(changes, message):
    with pytest.raises(ValueError, match=message):
        clustering_mode(**dict(name='faithful', num_levels=3) | changes)

import pickle

import pytest
import torch

from hirl_mm.features import NonFiniteFeaturesError, check_finite
from tests.processes import run_processes


@pytest.mark.parametrize(
    'dtype', [torch.float16, torch.float32, torch.float64]
)
def test_finite_features_pass(dtype):
    largest = torch.full((3, 2), 6e4, dtype=dtype)
    check_finite(largest)
    check_finite(torch.empty(0, 4))


@pytest.mark.parametrize('value', [float('nan'), float('inf'), -float('inf')])
def test_bad_rows_are_counted_and_named(value):
    features = torch.zeros(9, 3)
    features[[7, 2, 4, 3, 8, 1], 1] = value
    match = r'^queries must be finite, but 6 of 9 .* \[1, 2, 3, 4, 7\];'
    with pytest.raises(NonFiniteFeaturesError, match=match):
        check_finite(features, name='queries')


def test_infinities_of_both_signs_do_not_hide_each_other():
    row = torch.tensor([[float('inf'), -float('inf')]])
    with pytest.raises(NonFiniteFeaturesError):
        check_finite(row)


def test_a_bad_row_behind_the_first_block():
    features = torch.zeros(70_000, 1)
    features[-1] = float('nan')
    with pytest.raises(NonFiniteFeaturesError, match=r'1 of 70000 .*69999'):
        check_finite(features)


def test_the_smallest_sample_indices_are_named_in_order():
    features = torch.full((7, 1), float('nan'))
    features[1] = 0
    for sample_idx in (list(range(70, 0, -10)), torch.arange(70, 0, -10)):
        with pytest.raises(NonFiniteFeaturesError, match='6 of 7') as error:
            check_finite(features, sample_idx)
        assert error.value.sample_idx == [10, 20, 30, 40, 50]


def test_the_error_survives_pickling():
    error = NonFiniteFeaturesError('queries', [3], 1, 8)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and again.sample_idx == [3]


def some_of_each_rank(rank):
    features = torch.zeros(3, 2)
    features[:, rank] = float('nan')
    with pytest.raises(
        NonFiniteFeaturesError, match=r'6 of 6 .* \[0, 1, 2, 3, 4\]'
    ):
        check_finite(features, torch.arange(rank, 6, 2), over_ranks=True)
    if rank:
        check_finite(torch.zeros(3, 2))


def test_ranks_name_the_smallest_of_all():
    run_processes(some_of_each_rank, 2)

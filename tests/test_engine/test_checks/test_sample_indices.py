"""Of every part some samples are looked at, the last one in any case."""

import pytest
from mmengine.dataset import BaseDataset

from hirl_mm.engine.checks.sample_indices import check_sample_indices

NUM = 2500


class Numbered(BaseDataset):
    """Samples whose index is their position, but for some."""

    def __init__(self, wrong=()):
        self.wrong = set(wrong)
        super().__init__()

    def load_data_list(self):
        return [{} for _ in range(NUM)]

    def get_data_info(self, idx):
        info = super().get_data_info(idx)
        return info | dict(sample_idx=0) if idx in self.wrong else info


def test_numbered_from_zero():
    check_sample_indices(Numbered())


@pytest.mark.parametrize(
    ('wrong', 'found'),
    [([NUM - 1], NUM - 1), (range(1200, 1210), 1200)],
    ids=['last', 'ten in the middle'],
)
def test_wrong_numbers_are_found(wrong, found):
    with pytest.raises(ValueError, match=f'sample {found} of {NUM} the'):
        check_sample_indices(Numbered(wrong))

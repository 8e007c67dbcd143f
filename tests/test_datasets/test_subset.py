import copy

import pytest
from mmengine.dataset import BaseDataset, Compose

from hirl_mm.datasets.subset import subset_of


class Numbers(BaseDataset):
    def load_data_list(self):
        return [dict(number=i) for i in range(10)]


def numbers(dataset):
    return [dataset[i]['number'] for i in range(len(dataset))]


@pytest.mark.parametrize('serialize', [True, False])
def test_samples_in_the_order_asked_for(serialize):
    whole = Numbers(serialize_data=serialize, pipeline=[copy.copy])
    part = subset_of(whole, [7, 2, 5])
    assert numbers(part) == [7, 2, 5]
    assert numbers(subset_of(part, [2])) == [5]
    assert numbers(whole) == list(range(10))


def test_subsets_keep_the_pipeline_of_their_data_set():
    """However many were made and freed before."""
    for _ in range(3000):
        whole = Numbers(pipeline=[copy.copy])
        part = subset_of(whole, [1])
        assert isinstance(part.pipeline, Compose)
        assert part.metainfo == whole.metainfo
        assert numbers(part) == [1]

import copy

import pytest
from mmengine.dataset import BaseDataset, Compose

from hirl_mm.datasets.subset import subset_of
from tests.freed_addresses import pipeline_in_place_of


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


def test_objects_where_a_data_set_was_before():
    """MMEngine's get_subset gives the copy of that data set for them."""
    freed = [
        Numbers(serialize_data=False, pipeline=[copy.copy]) for _ in range(100)
    ]
    for dataset in freed:
        subset_of(dataset, [0])
    del dataset
    pipeline = pipeline_in_place_of(freed)
    whole = Numbers(serialize_data=False, pipeline=[])
    whole.pipeline = pipeline
    part = subset_of(whole, [1])
    assert isinstance(part.pipeline, Compose)
    assert numbers(part) == [1]

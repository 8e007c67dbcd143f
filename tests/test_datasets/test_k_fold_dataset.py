import copy

import pytest
from mmengine.dataset import BaseDataset
from mmpretrain.datasets import KFoldDataset as MMPreTrainKFoldDataset

from hirl_mm.datasets.k_fold_dataset import KFoldDataset
from hirl_mm.registry import DATASETS
from tests.freed_addresses import pipeline_in_place_of


@DATASETS.register_module()
class TenNumbers(BaseDataset):
    def load_data_list(self):
        return [dict(number=i) for i in range(10)]


def numbers(dataset):
    return [dataset[i]['number'] for i in range(len(dataset))]


def fold(cls=KFoldDataset, **options):
    cfg = dict(type='hirl_mm.TenNumbers', pipeline=[copy.copy])
    return cls(cfg, num_splits=3, **options)


@pytest.mark.parametrize('number', range(3))
@pytest.mark.parametrize('seed', [None, 0, 5])
def test_images_are_those_of_mmpretrain(number, seed):
    parts = []
    for test_mode in (False, True):
        options = dict(fold=number, seed=seed, test_mode=test_mode)
        ours, theirs = (
            fold(cls, **options)
            for cls in (KFoldDataset, MMPreTrainKFoldDataset)
        )
        # Their pipeline may be another object.
        expected = [theirs._get_ori_dataset_idx(i) for i in range(len(theirs))]
        assert numbers(ours) == expected
        origins = [ours._get_ori_dataset_idx(i) for i in range(len(ours))]
        assert origins == expected
        parts.append(numbers(ours))
    assert sorted(sum(parts, [])) == list(range(10))


def test_pipeline_where_a_data_set_was_before():
    """A training builds its second fold after the whole data was freed."""
    whole = [TenNumbers(pipeline=[copy.copy]) for _ in range(100)]
    for dataset in whole:
        parts = lazy_fold()
        parts.dataset = dataset
        parts.full_init()
    del dataset
    pipeline = pipeline_in_place_of(whole)
    second = lazy_fold()
    second.dataset.pipeline = pipeline
    assert numbers(second) == list(range(2, 10))


def lazy_fold():
    return KFoldDataset(dict(type='hirl_mm.TenNumbers', lazy_init=True))

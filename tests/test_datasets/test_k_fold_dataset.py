import copy

import pytest
from mmengine.dataset import BaseDataset, Compose
from mmpretrain.datasets import KFoldDataset as MMPreTrainKFoldDataset

from hirl_mm.datasets.k_fold_dataset import KFoldDataset
from hirl_mm.registry import DATASETS


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
        assert numbers(ours) == numbers(theirs)
        origins = [ours._get_ori_dataset_idx(i) for i in range(len(ours))]
        assert origins == numbers(ours)
        parts.append(numbers(ours))
    assert sorted(sum(parts, [])) == list(range(10))


def test_pipeline_where_a_data_set_was_before():
    """A training builds its second fold after the whole data was freed."""
    whole = TenNumbers(pipeline=[copy.copy])
    parts = KFoldDataset(dict(type='hirl_mm.TenNumbers', lazy_init=True))
    parts.dataset = whole
    parts.full_init()
    address = id(whole)
    del whole
    pipelines = [Compose([copy.copy]) for _ in range(10_000)]
    (pipeline,) = (p for p in pipelines if id(p) == address)
    second = KFoldDataset(dict(type='hirl_mm.TenNumbers', lazy_init=True))
    second.dataset.pipeline = pipeline
    assert numbers(second) == list(range(2, 10))

import numpy as np
from mmengine.dataset import BaseDataset
from mmpretrain.datasets import KFoldDataset as _KFoldDataset

from hirl_mm.datasets.subset import subset_of
from hirl_mm.registry import DATASETS


@DATASETS.register_module()
class KFoldDataset(_KFoldDataset):
    """The folds of MMPreTrain's class, in any number in one process.

    MMPreTrain's class takes its fold with ``BaseDataset.get_subset``. For the
    second fold that a process builds, that method may return another object
    as the pipeline, see :func:`hirl_mm.datasets.subset.subset_of`. The
    arguments and the images of a fold are those of MMPreTrain.

    Examples:
        >>> train_dataloader = dict(dataset=dict(
        ...     type='hirl_mm.KFoldDataset',
        ...     dataset=dict(type='CustomDataset', data_root='data/photos'),
        ...     num_splits=5, fold=0, seed=0))
    """

    dataset: BaseDataset
    _fully_initialized: bool

    def full_init(self) -> None:
        if self._fully_initialized:
            return
        order = np.arange(len(self.dataset))
        if self.seed is not None:
            np.random.default_rng(self.seed).shuffle(order)
        start, end = (
            len(order) * fold // self.num_splits
            for fold in (self.fold, self.fold + 1)
        )
        held_out = order[start:end]
        rest = np.concatenate([order[:start], order[end:]])
        self._ori_indices = (held_out if self.test_mode else rest).tolist()
        self.dataset = subset_of(self.dataset, self._ori_indices)
        self._fully_initialized = True

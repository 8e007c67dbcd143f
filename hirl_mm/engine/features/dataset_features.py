from collections.abc import Mapping

from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from torch import Tensor

from hirl_mm.datasets.distinct_images import (
    DistinctImages,
    distinct_images,
)
from hirl_mm.engine.runtime.config_file import read_config
from hirl_mm.engine.runtime.renamed_options import rename_options
from hirl_mm.registry import enter_scope

from .feature_pass import (
    feature_loader,
    whole_backbone_features,
    whole_features,
)
from .labelled_data import labels_of
from .labelled_sets import labelled_sets
from .stage_features import stage_features

TRAIN, VAL = 'knn_gallery', 'knn_queries'
SVM_TRAIN, SVM_TEST = 'svm_train', 'svm_test'
_NAMES = TRAIN, VAL, SVM_TRAIN, SVM_TEST
_NEW_NAMES = {'knn_bank': TRAIN}


def evaluation_config(config: str, data: str | None = None) -> Config:
    """A training config, with the data sets of another where it is given.

    Args:
        config: File of the training config.
        data: File of a config whose data sets to evaluate are used alone.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If there is no data set to evaluate.
    """
    cfg = _read(config)
    if data:
        other = _read(data)
        for name in _NAMES:
            cfg.pop(name, None)
            if name in other:
                cfg[name] = other[name]
    if not any(name in cfg for name in _NAMES):
        raise ValueError(
            f'{data or config} names none of the data sets '
            f'{", ".join(_NAMES)}: see configs/_base_/knn_imagenet.py'
        )
    return cfg


def evaluation_data(cfg: Config, name: str) -> dict:
    """The config of a labelled data set that a training config names.

    Args:
        cfg: A training config.
        name: ``'knn_gallery'`` (what queries are compared with) or
            ``'knn_queries'``; of multi-label data ``'svm_train'`` or
            ``'svm_test'``.

    Raises:
        ValueError: If the config has none of that name.
    """
    # Its transforms are looked up there when the data set is built.
    enter_scope(cfg)
    rename_options(cfg, _NEW_NAMES, cfg.filename)
    if name not in cfg:
        raise ValueError(
            f'{cfg.filename} has no {name}: add a labelled data set of that '
            'name, as in configs/_base_/knn_imagenet.py'
        )
    return cfg[name]


def dataset_features(
    model: BaseModel,
    dataset: Mapping | BaseDataset | DistinctImages,
    what: str,
    batch_size: int = 256,
    num_workers: int = 4,
    stage: int | None = None,
) -> tuple[Tensor, Tensor, DistinctImages]:
    """Pooled backbone features and labels of the images of a data set.

    Args:
        model: A frozen model.
        dataset: Config of a labelled data set with its pipeline; or a data
            set of :func:`labelled_sets`, whose labels can be compared with
            those of the others.
        what: Names the data in log lines and errors.
        batch_size: Of the feature pass.
        num_workers: Of the feature pass.
        stage: Stage of a ResNet whose pooled output are the features, see
            :func:`~hirl_mm.engine.features.stage_features.stage_features`;
            None for the output of the backbone.

    Returns:
        Features (M, C) by sample index, labels (M,) long, on one device, and
        the images. Images that cannot be read and that the pipeline ignores
        are left out of all three, with a warning.
    """
    if isinstance(dataset, Mapping):
        dataset = labelled_sets({what: dataset})[what]
    images = distinct_images(dataset)
    labels = labels_of(images, what)
    loader = feature_loader(images, None, batch_size, num_workers)
    if stage is None:
        features = whole_backbone_features(model, loader, what)
    else:
        extract = stage_features(model, [stage])
        features = whole_features(
            model, lambda inputs: extract(inputs)[0], loader, what
        )
    labels = labels.to(features.device)
    if loader.dataset.unreadable:
        read = loader.dataset.readable()
        features, labels = features[read], labels[read]
        images = images.get_subset(read)
    return features, labels, images


def _read(config: str) -> Config:
    cfg = read_config(config)
    rename_options(cfg, _NEW_NAMES, config)
    return cfg

"""Features of images that need no labels."""

from collections.abc import Sequence

from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor

from hirl_mm.datasets.distinct_images import DistinctImages, distinct_images
from hirl_mm.datasets.path_images import PathImages
from hirl_mm.datasets.wrappers import build_dataset
from hirl_mm.engine.runtime.hook_entries import entries_of
from hirl_mm.registry import enter_scope

from .dataset_features import TRAIN, dataset_features, evaluation_data
from .feature_pass import feature_loader, whole_backbone_features
from .labelled_sets import labelled_sets


def feature_pipeline(cfg: Config) -> list[dict]:
    """Return the pipeline with which a training extracts features.

    Args:
        cfg: Config of the training.

    Raises:
        ValueError: If it extracts none.
    """
    if cfg.get(TRAIN):
        return cfg[TRAIN]['pipeline']
    for entry in entries_of(cfg, 'HierarchicalKMeansHook'):
        return entry['pipeline']
    raise ValueError(
        f'{cfg.filename} has no pipeline for features: add a {TRAIN}, as in '
        'configs/_base_/knn_imagenet.py'
    )


def image_features(
    cfg: Config,
    model: BaseModel,
    name: str,
    paths: Sequence[str] = (),
    batch_size: int = 256,
    num_workers: int = 4,
) -> tuple[Tensor, Tensor | None, DistinctImages]:
    """Return pooled backbone features of images, with labels if they have any.

    Args:
        cfg: Config of a training.
        model: A frozen model.
        name: Name of a data set in the config. If it has none of this name,
            the images of the training are taken.
        paths: Files to take instead.
        batch_size: Of the feature pass.
        num_workers: Of the feature pass.

    Returns:
        Features (M, C), labels (M,) or None, and the M images. Images that
        cannot be read and that the pipeline ignores are left out, with a
        warning.

    Raises:
        ValueError: If the config has no pipeline for features.
    """
    enter_scope(cfg)
    reading = batch_size, num_workers
    dataset = cfg.get(name)
    if not paths and dataset and dataset.get('with_label', True):
        # The training images number the classes of the validation images.
        names = dict.fromkeys((TRAIN, name))
        sets = labelled_sets({n: evaluation_data(cfg, n) for n in names})
        return dataset_features(model, sets[name], name, *reading)
    dataset = dataset or cfg.train_dataloader.dataset
    images = distinct_images(
        PathImages(paths) if paths else build_dataset(dataset)
    )
    loader = feature_loader(images, feature_pipeline(cfg), *reading)
    features = whole_backbone_features(model, loader, 'images')
    if loader.dataset.unreadable:
        read = loader.dataset.readable()
        features, images = features[read], images.get_subset(read)
    return features, None, images

"""Labels for images without one, predicted by a fine-tuned classifier."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor

from hirl_mm.datasets.distinct_images import DistinctImages, distinct_images
from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.labelled_images import LabelledImages
from hirl_mm.datasets.list_files import Entry
from hirl_mm.datasets.shards.locations import plain_path
from hirl_mm.datasets.wrappers import build_dataset, pipelines_of
from hirl_mm.engine.features.feature_pass import feature_loader, whole_features
from hirl_mm.engine.features.labelled_data import paths_of
from hirl_mm.evaluation.functional import PseudoLabels, confident_pseudo_labels
from hirl_mm.registry import enter_scope, type_name

# Arguments of a list of images that say where the images are.
_FOLDER = 'data_root', 'data_prefix', 'extensions'


@dataclass(frozen=True)
class MiningPlan:
    """The images of a fine-tuning with few labels.

    Args:
        list_file: Path of the list with the labelled images.
        labelled: Path, relative to the folder of the images, and true label
            of every labelled image.
        images: The unlabelled training images, with the pipeline of the
            validation.
        paths: Path of every unlabelled image, relative to the folder.
        num_classes: Number of classes.
        num_validation: Number of images that the folder shares with the
            validation; they are left out.
    """

    list_file: str
    labelled: list[Entry]
    images: DistinctImages
    paths: list[str]
    num_classes: int
    num_validation: int


def plan_mining(cfg: Config) -> MiningPlan:
    """Find the images that have no label, without reading them.

    These are all images in the folder of the training images that are neither
    in the list of the labels nor images of the validation or test.

    Args:
        cfg: Config of a fine-tuning whose training data are
            ``hirl_mm.LabelledImages``.

    Raises:
        FileNotFoundError: If the list or the folder is missing.
        ValueError: If the training data are others, or every image has a
            label.
    """
    enter_scope(cfg)
    data = cfg.train_dataloader.dataset
    if type_name(data.get('type')) != 'LabelledImages':
        raise ValueError(
            f'{cfg.filename} trains on {type_name(data.get("type"))}: labels '
            'are mined after a training with a list of few labels, with '
            "type='hirl_mm.LabelledImages' and its ann_file, as in "
            'configs/evaluation/semisup'
        )
    few = build_dataset(data)
    assert isinstance(few, LabelledImages)
    assert few.images.labels is not None
    folder = {key: data[key] for key in _FOLDER if key in data}
    everything = build_dataset(
        dict(
            folder,
            type='hirl_mm.FolderImages',
            with_label=False,
            pipeline=_one_pipeline(pipelines_of(cfg.val_dataloader.dataset)),
        )
    )
    assert isinstance(everything, FolderImages)
    place = _place_of()
    labelled = set(map(place, paths_of(few)))
    held_out = set(map(place, _held_out_paths(cfg)))
    found = list(map(place, everything.images.paths()))
    chosen = [
        idx
        for idx, where in enumerate(found)
        if where not in labelled and where not in held_out
    ]
    if not chosen:
        raise ValueError(
            f'all {len(found)} images in {everything.img_prefix} are in '
            f'{few.ann_file} or belong to the validation: there is none to '
            'find a label for'
        )
    images = everything.get_subset(chosen)
    relative = _relative_to(images.images.root)
    return MiningPlan(
        few.ann_file,
        [
            (relative(path), int(label))
            for path, label in zip(
                few.images.paths(), few.images.labels, strict=True
            )
        ],
        distinct_images(images),
        list(map(relative, images.images.paths())),
        few.num_classes,
        sum(w in held_out and w not in labelled for w in found),
    )


def mine_labels(
    model: BaseModel,
    plan: MiningPlan,
    max_entropy: float = 1.0,
    batch_size: int = 256,
    num_workers: int = 4,
) -> tuple[list[str], PseudoLabels]:
    """Predict the labels of all unlabelled images.

    All ranks must call this; each predicts its share.

    Args:
        model: A classifier, see
            :func:`~hirl_mm.engine.evaluation.trained_classifier.load_classifier`.
        plan: The images.
        max_entropy: Largest entropy in nats of an image whose label is kept.
        batch_size: Images per batch and process.
        num_workers: Worker processes that load images, per process.

    Returns:
        Paths and predictions of the unlabelled images, on the CPU, the same
        on all ranks. Images that cannot be read and that the pipeline ignores
        are left out of both, with a warning.

    Raises:
        ValueError: If the classifier has another number of classes than the
            list.
        FeaturePassError: If scores are NaN.
        OSError: If an image cannot be read and the pipeline does not ignore
            it.
    """
    if model.head.num_classes != plan.num_classes:
        raise ValueError(
            f'the classifier has {model.head.num_classes} classes, but '
            f'{plan.list_file} has {plan.num_classes}: set num_classes of '
            'head and data alike'
        )

    def predict(inputs: Tensor) -> Tensor:
        found = confident_pseudo_labels(model(inputs), max_entropy)
        return torch.stack([column.float() for column in found], dim=1)

    loader = feature_loader(plan.images, None, batch_size, num_workers)
    rows = whole_features(model, predict, loader, 'unlabelled images').cpu()
    paths = plan.paths
    if loader.dataset.unreadable:
        read = loader.dataset.readable()
        rows, paths = rows[read], [paths[idx] for idx in read]
    labels, entropy, kept = rows.unbind(dim=1)
    return paths, PseudoLabels(labels.long(), entropy, kept.bool())


def _held_out_paths(cfg: Config) -> Iterable[str]:
    """Yield the paths of the images of validation and test."""
    for name in 'val_dataloader', 'test_dataloader':
        loader = cfg.get(name)
        for one in loader if isinstance(loader, list) else [loader]:
            if one is not None:
                yield from paths_of(build_dataset(one.dataset))


def _one_pipeline(pipelines: list) -> list[dict]:
    """Return the pipeline of the first data set."""
    while isinstance(pipelines[0], list):
        pipelines = pipelines[0]
    return pipelines


def _place_of() -> Callable[[str], tuple[str, str]]:
    """Return a function from a path to the folder, without links, and name.

    Several paths of one file have the same place. Folders are looked up once.
    """
    real = cache(os.path.realpath)

    def place(path: str) -> tuple[str, str]:
        folder, name = os.path.split(plain_path(path))
        return real(folder), name

    return place


def _relative_to(root: str) -> Callable[[str], str]:
    start = os.path.join(root, '')
    return lambda path: path.removeprefix(start)

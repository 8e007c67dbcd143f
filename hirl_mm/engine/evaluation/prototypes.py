"""The prototypes of a trained model with what is nearest to them."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config

from hirl_mm.datasets.distinct_images import DistinctImages, distinct_images
from hirl_mm.datasets.wrappers import build_dataset
from hirl_mm.engine.features.prototype_pass import (
    FoundPrototypes,
    check_choices,
    find_prototypes,
)
from hirl_mm.engine.features.prototype_readings import (
    PrototypeReading,
    prototype_readings,
)
from hirl_mm.engine.features.tree_images import check_images
from hirl_mm.engine.runtime.cfg_options import merge_options

from .trained_prototypes import load_prototypes


def prototypes_of_run(
    cfg: Config,
    checkpoint: str,
    cfg_options: Mapping[str, object] | None = None,
    trust: bool = False,
    *,
    show: Sequence[str] | None = None,
    **options: Any,
) -> tuple[list[FoundPrototypes], DistinctImages]:
    """Find what is nearest to the prototypes of a trained model.

    Args:
        cfg: Config of the training, whose training images are read.
        checkpoint: Checkpoint of that training.
        cfg_options: Values that replace those of the config, in place.
        trust: Whether the checkpoint may run code.
        show: Names of the scales and levels to show; None for all.
        **options: See
            :func:`~hirl_mm.engine.features.prototype_pass.find_prototypes`.

    Returns:
        The prototypes of every scale and level, and the images.

    Raises:
        ValueError: If the model has no prototypes, there is no scale or level
            of that name, or the tree was built from other images.
        OSError: If the checkpoint or an image cannot be read.
    """
    merge_options(cfg, cfg_options)
    model, tree = load_prototypes(cfg, checkpoint, trust)
    readings = _shown(prototype_readings(model, tree, cfg), show)
    for reading in readings:
        check_choices(reading, options.get('chosen'))
    images = distinct_images(build_dataset(cfg.train_dataloader.dataset))
    shows_tree = any(one.members for r in readings for one in r.sets)
    if tree is not None and shows_tree:
        check_images(tree, images, cfg)
    found = [
        one
        for reading in readings
        for one in find_prototypes(model, images, reading, **options)
    ]
    return found, images


def _shown(
    readings: list[PrototypeReading], show: Sequence[str] | None
) -> list[PrototypeReading]:
    """Leave out what is not to be shown."""
    if show is None:
        return readings
    names = [one.name for reading in readings for one in reading.sets]
    unknown = [name for name in show if name not in names]
    if unknown:
        raise ValueError(
            f'the model has no {", ".join(unknown)}: choose from '
            f'{", ".join(map(repr, names))}'
        )
    parts = [
        reading._replace(
            sets=[one for one in reading.sets if one.name in show]
        )
        for reading in readings
    ]
    return [part for part in parts if part.sets]

"""Prototypes of a trained model, and how images are compared with them."""

from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor

from hirl_mm.engine.runtime.hook_entries import entries_of
from hirl_mm.models.modules import batch_per_resolution
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.models.selfsup.ssprl import SSPRL
from hirl_mm.structures import PrototypeTree
from hirl_mm.views import PatchScale

from .pyramid_scales import grid_pipeline, scales_of_config

_HOOK = 'HierarchicalKMeansHook'


class Members(NamedTuple):
    """Which images belong to the prototypes of a level of a tree.

    Args:
        labels: (N,) long, the prototype of every image, -1 for none.
        sizes: (K,) long, number of images of every prototype.
    """

    labels: Tensor
    sizes: Tensor


class PrototypeSet(NamedTuple):
    """The prototypes of a scale or of a level of a tree.

    Args:
        name: Name, such as ``'scale 1'`` or ``'level 0'``.
        vectors: (K, D), the prototypes.
        source: Which of the embeddings of a reading they are compared with.
        first_view: Number of the first of its views among those of an image.
        scale: Grid of the patches; None for the levels of a tree.
        members: The images of a level; None for scales, whose rows belong to
            the nearest prototype.
    """

    name: str
    vectors: Tensor
    source: int
    first_view: int
    scale: PatchScale | None = None
    members: Members | None = None


class PrototypeReading(NamedTuple):
    """A pass over images that compares them with prototypes.

    Args:
        what: Name of the pass in log lines and errors.
        pipeline: Pipeline that makes the views of an image.
        embed: Function from the views of a batch, tensors (B, 3, H, W), to
            embeddings (B, M, D) per source.
        sets: The prototypes.
    """

    what: str
    pipeline: list[dict]
    embed: Callable[[list[Tensor]], list[Tensor]]
    sets: list[PrototypeSet]


def prototype_readings(
    model: BaseModel, tree: PrototypeTree | None, cfg: Config
) -> list[PrototypeReading]:
    """Return the passes for all prototypes of a trained model.

    Args:
        model: A trained model.
        tree: The tree of its checkpoint, if any.
        cfg: Config of its training.

    Raises:
        ValueError: If the model has no prototypes, or the config does not say
            how images become its views.
    """
    readings = []
    if isinstance(model, SSPRL):
        readings.append(_of_scales(model, cfg))
    if isinstance(model, HIRLAlgorithm) and tree is not None:
        readings.append(_of_tree(model, tree, cfg))
    if readings:
        return readings
    if isinstance(model, HIRLAlgorithm):
        raise ValueError(
            f'the checkpoint of this {type(model).__name__} holds no tree of '
            'prototypes: it was saved before the first clustering. Give a '
            f'checkpoint of an epoch after start_epoch of {_HOOK}'
        )
    raise ValueError(
        f'a {type(model).__name__} has no prototypes to show: give a run of '
        'SS-PRL (prototypes per scale) or of HIRL (a tree of prototypes)'
    )


def _of_scales(model: SSPRL, cfg: Config) -> PrototypeReading:
    scales = scales_of_config(cfg)
    head = model.head
    grids = tuple(scale.num_patches for scale in scales[1:])
    if grids != head.num_patches:
        raise ValueError(
            f'the head has num_patches={head.num_patches}, but the '
            f'PatchPyramid of {cfg.filename} cuts {grids} patches per group: '
            'give the config that the model was trained with'
        )
    counts = [scale.num_patches for scale in scales]
    starts = list(accumulate(counts[:-1], initial=0))
    sets = [
        PrototypeSet(
            f'scale {number}',
            head.prototypes_of(number).weight.detach(),
            source=number,
            first_view=start,
            scale=scale,
        )
        for number, (start, scale) in enumerate(
            zip(starts, scales, strict=True)
        )
    ]

    def embed(views: list[Tensor]) -> list[Tensor]:
        return [
            _of_scale(model, number, views[start : start + count])
            for number, (start, count) in enumerate(
                zip(starts, counts, strict=True)
            )
        ]

    pipeline = grid_pipeline(cfg, scales)
    return PrototypeReading('patches of all scales', pipeline, embed, sets)


def _of_scale(model: SSPRL, scale: int, views: list[Tensor]) -> Tensor:
    """Return the embeddings (B, M, D) of M patches of a scale."""
    (batch,) = batch_per_resolution(views)
    rows = model.neck.scales[scale]([model.backbone(batch)])
    return rows.unflatten(0, (len(views), -1)).transpose(0, 1)


def _of_tree(
    model: HIRLAlgorithm, tree: PrototypeTree, cfg: Config
) -> PrototypeReading:
    hook = next(iter(entries_of(cfg, _HOOK)), None)
    if hook is None:
        raise ValueError(
            f'{cfg.filename} has no {_HOOK}, whose pipeline says how images '
            'are read for the tree: give the config of the training'
        )
    levels = [
        PrototypeSet(
            f'level {level}',
            vectors,
            source=0,
            first_view=0,
            members=Members(tree.labels(level), tree.sizes(level)),
        )
        for level, vectors in enumerate(tree.centroids)
    ]

    def embed(views: list[Tensor]) -> list[Tensor]:
        (images,) = views
        return [model.extract_z0(images)[:, None]]

    return PrototypeReading(
        'images of the tree', hook['pipeline'], embed, levels
    )

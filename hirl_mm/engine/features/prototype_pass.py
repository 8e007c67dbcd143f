"""One pass over images that finds those nearest to prototypes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import Dataset

from hirl_mm.engine.runtime.progress import logged_progress
from hirl_mm.features.nearest_rows import Nearest, NearestRows

from .feature_pass import (
    evaluation_pass,
    feature_loader,
    named_by_path,
    normalized_images,
)
from .image_reading import readable_batches
from .prototype_choice import check_choice, spread_choice
from .prototype_readings import PrototypeReading, PrototypeSet
from .seen_views import SeenView, SeenViews, as_list


class FoundPrototypes(NamedTuple):
    """Some prototypes of a set with what is nearest to them.

    Args:
        of: The set.
        chosen: P numbers of prototypes.
        counts: (K,) long, number of rows of every prototype: of a scale, the
            patches that are nearest to it; of a tree, its images.
        nearest: The rows nearest to the chosen prototypes.
        is_member: (P, k') bool, whether a row belongs to the prototype.
        views: P lists of k' views, what the network sees of the rows.
    """

    of: PrototypeSet
    chosen: list[int]
    counts: Tensor
    nearest: Nearest
    is_member: Tensor
    views: list[list[SeenView]]


def find_prototypes(
    model: BaseModel,
    dataset: Dataset,
    reading: PrototypeReading,
    *,
    num_prototypes: int,
    num_nearest: int,
    chosen: Sequence[int] | None = None,
    one_per_image: bool = True,
    batch_size: int = 64,
    num_workers: int = 0,
) -> list[FoundPrototypes]:
    """Find the images or patches nearest to prototypes, in one pass.

    Args:
        model: A trained model.
        dataset: The images; its pipeline is not used.
        reading: Views and prototypes, see
            :func:`~hirl_mm.engine.features.prototype_readings.prototype_readings`.
        num_prototypes: Number of prototypes to choose per set, see
            :func:`~hirl_mm.engine.features.prototype_choice.spread_choice`.
        num_nearest: Number of rows to find per prototype.
        chosen: Numbers of the prototypes of every set, instead of
            ``num_prototypes``.
        one_per_image: Whether only the best patch of an image is found for a
            prototype.
        batch_size: Number of images in a batch.
        num_workers: Number of worker processes that read images.

    Returns:
        One value per set. Images that cannot be read and that the pipeline
        ignores are left out, with a warning.

    Raises:
        ValueError: If a chosen prototype does not exist; or, before the model
            runs, if no image can be read.
        FeaturePassError: If an embedding is NaN or infinite.
        OSError: If an image cannot be read and the pipeline does not ignore
            it.
    """
    check_choices(reading, chosen)
    loader = feature_loader(dataset, reading.pipeline, batch_size, num_workers)
    images = loader.dataset
    # The sizes of a tree's prototypes are known: most can be left out.
    early = [
        _early_choice(one, chosen, num_prototypes) for one in reading.sets
    ]
    searches = [
        NearestRows(
            one.vectors if some is None else one.vectors[some],
            num_nearest,
            one_per_image,
        )
        for one, some in zip(reading.sets, early, strict=True)
    ]
    batches = logged_progress(loader, reading.what)
    unreadable: list[int] = []
    with (
        named_by_path(images, reading.what),
        evaluation_pass(model),
        torch.no_grad(),
    ):
        for batch in readable_batches(_noted(batches, unreadable)):
            sample_idx = [s.sample_idx for s in batch['data_samples']]
            rows = reading.embed(as_list(normalized_images(model, batch)))
            for one, search in zip(reading.sets, searches, strict=True):
                search.update(rows[one.source], torch.tensor(sample_idx))
    images.note_unreadable(unreadable, reading.what)
    seen = SeenViews(model, images)
    return [
        _found(one, search, some, chosen, num_prototypes, seen)
        for one, search, some in zip(
            reading.sets, searches, early, strict=True
        )
    ]


def check_choices(
    reading: PrototypeReading, chosen: Sequence[int] | None
) -> None:
    """Raise ValueError if a set lacks a chosen prototype.

    Args:
        reading: The sets.
        chosen: Numbers of prototypes; None for none.
    """
    for one in reading.sets:
        check_choice(chosen or (), len(one.vectors), one.name)


def _early_choice(
    one: PrototypeSet, chosen: Sequence[int] | None, num: int
) -> list[int] | None:
    """Choose prototypes of a tree before the pass; None for scales."""
    if one.members is None:
        return None
    return list(chosen or spread_choice(one.members.sizes, num))


def _found(
    one: PrototypeSet,
    search: NearestRows,
    early: list[int] | None,
    chosen: Sequence[int] | None,
    num: int,
    seen: SeenViews,
) -> FoundPrototypes:
    nearest = Nearest(*(part.cpu() for part in search.found))
    if one.members is not None and early is not None:
        numbers, counts = early, one.members.sizes
        owner = one.members.labels[nearest.sample_idx]
    else:
        counts = search.counts.cpu()
        numbers = list(chosen or spread_choice(counts, num))
        nearest = Nearest(*(part[numbers] for part in nearest))
        owner = nearest.owner
    views = [
        [
            seen(sample, one.first_view + part)
            for sample, part in zip(*of_prototype, strict=True)
        ]
        for of_prototype in zip(
            nearest.sample_idx.tolist(), nearest.part.tolist(), strict=True
        )
    ]
    is_member = owner == torch.tensor(numbers, dtype=torch.long)[:, None]
    return FoundPrototypes(one, numbers, counts, nearest, is_member, views)


def _noted(batches: Iterable[dict], unreadable: list[int]) -> Iterator[dict]:
    """Yield batches; add the images that could not be read to a list."""
    for batch in batches:
        unreadable += batch.get('unreadable', ())
        yield batch

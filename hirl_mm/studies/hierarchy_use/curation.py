"""A balanced subset of the images of a run, and what was left out of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.hierarchy import (
    LevelShares,
    draw_balanced,
    duplicate_groups,
    least_similar,
    level_shares,
    path_similarities,
    similarity_to_others,
)
from hirl_mm.structures import EmbeddedImages

_CHUNK = 65536


@dataclass(frozen=True)
class CurationPlan:
    """What :func:`curate` does.

    Args:
        num: Number of images to draw; None to draw none.
        how: Which images of a leaf, see
            :func:`~hirl_mm.hierarchy.draw_balanced`.
        num_outliers: Number of outliers to find; they are not drawn.
        threshold: Smallest cosine of near duplicates, of which only the first
            is drawn; None not to look for them.
        seed: Seed of the draw.

    Raises:
        ValueError: If there is nothing to do, or a number is negative.
    """

    num: int | None = None
    how: str = 'random'
    num_outliers: int = 0
    threshold: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.num or 0) < 0 or self.num_outliers < 0:
            raise ValueError(
                'numbers of images and of outliers must be at least 0, got '
                f'{self.num} and {self.num_outliers}'
            )
        if not (self.num or self.num_outliers or self.threshold is not None):
            raise ValueError(
                'there is nothing to do: give a number of images, of '
                'outliers, or a threshold of near duplicates'
            )


@dataclass(frozen=True)
class Curated:
    """Result of :func:`curate`.

    Args:
        chosen: (n,) long, ascending numbers of the drawn images.
        shares: Share of every branch, per level, level 0 first.
        outliers: (o,) long, numbers of the outliers, the clearest first.
        similarity: (o,) float32, their similarity to the other images of
            their branch.
        copies: (c,) long, numbers of the images that are near duplicates of
            one with a smaller number.
        kept: (c,) long, that image.
    """

    chosen: Tensor
    shares: list[LevelShares]
    outliers: Tensor = field(default_factory=lambda: torch.empty(0).long())
    similarity: Tensor = field(default_factory=lambda: torch.empty(0))
    copies: Tensor = field(default_factory=lambda: torch.empty(0).long())
    kept: Tensor = field(default_factory=lambda: torch.empty(0).long())


def curate(
    images: EmbeddedImages,
    plan: CurationPlan,
    progress: Callable[[range], Iterable[int]] = iter,
) -> Curated:
    """Draw a balanced subset of images, without outliers and copies.

    Args:
        images: Images in their tree.
        plan: What to do.
        progress: Goes through the leaves while near duplicates are searched.

    Raises:
        ValueError: If fewer images can be drawn than are asked for.
    """
    tree, leaf = images.tree, images.leaf.clone()
    found: dict[str, Tensor] = {}
    if plan.num_outliers:
        others = similarity_to_others(images.rows, images.leaf, tree)
        outliers = least_similar(others.similarity, plan.num_outliers)
        found |= dict(
            outliers=outliers, similarity=others.similarity[outliers]
        )
    if plan.threshold is not None:
        group = duplicate_groups(
            images.rows, tree.centroids[0], plan.threshold, progress
        )
        copies = (group != torch.arange(len(group))).nonzero().flatten()
        found |= dict(copies=copies, kept=group[copies])
        leaf[copies] = -1
    leaf[found.get('outliers', [])] = -1
    chosen = torch.empty(0, dtype=torch.long)
    if plan.num:
        similarity = None if plan.how == 'random' else _to_leaf(images)
        chosen = draw_balanced(
            leaf,
            tree.parents,
            tree.num_prototypes,
            plan.num,
            how=plan.how,
            similarity=similarity,
            seed=plan.seed,
        )
    shares = level_shares(tree, images.leaf, chosen)
    return Curated(chosen, shares, **found)


def pair_similarity(rows: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Return the cosines of pairs of rows, (p,) float32.

    Args:
        rows: (N, D) floating point.
        first: (p,) long, numbers of rows.
        second: (p,) long.
    """
    found = [rows.new_empty(0, dtype=torch.float32)]
    for a, b in zip(first.split(_CHUNK), second.split(_CHUNK), strict=True):
        found.append(F.cosine_similarity(rows[a].float(), rows[b].float()))
    return torch.cat(found)


def _to_leaf(images: EmbeddedImages) -> Tensor:
    """Return the similarity of every image and its leaf, (N,) float32."""
    leaf = images.leaf[:, None]
    return path_similarities(images.tree, images.rows, leaf)[:, 0]

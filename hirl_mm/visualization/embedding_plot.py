"""Two-dimensional pictures of features."""

import os
from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from hirl_mm.files import replacing

from .class_palette import ClassPalette
from .projection import project

_MAX_NAMED = 20
_MAX_SAMPLES = 3000


def draw_embedding(
    features: Tensor,
    labels: Tensor,
    path: str | os.PathLike,
    class_names: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> None:
    """Draw features with `t-SNE`_, colored by class.

    Features are L2-normalised first. In such a picture distances within a
    group are meaningful, distances between groups hardly.

    .. _t-SNE: https://jmlr.org/papers/v9/vandermaaten08a

    Args:
        features: (N, D) features, N at least 4.
        labels: (N,) class of every sample.
        path: Path of the picture; its suffix selects the format.
        class_names: Names of the classes; None for their numbers.
        seed: Seed of t-SNE and of the choice of samples: at most 3,000
            samples are drawn.
    """
    generator = torch.Generator().manual_seed(seed)
    shown = torch.randperm(len(features), generator=generator)[:_MAX_SAMPLES]
    points = project(features[shown], seed=seed)
    palette = ClassPalette(labels.numpy(), class_names)
    colors = palette.colors(shown.numpy())
    figure = Figure(figsize=(6.4, 5.4), dpi=120)
    figure.set_layout_engine('constrained')
    axes = figure.add_subplot()
    x, y = points.unbind(1)
    axes.scatter(x, y, c=colors, s=14, linewidths=0)
    axes.set_title(
        f't-SNE of the features, {len(points)} of {len(features)} images'
    )
    axes.set_xticks([])
    axes.set_yticks([])
    if palette.num_classes <= _MAX_NAMED:
        for label in np.unique(palette.labels):
            name, color = palette.name(label), palette.color(label)
            axes.scatter([], [], c=color, s=30, label=name)
        figure.legend(loc='outside right center', frameon=False)
    with replacing(path) as temporary:
        figure.savefig(temporary)

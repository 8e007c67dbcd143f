"""Pictures of the distances between projections of several levels."""

import os
from collections.abc import Mapping

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from hirl_mm.evaluation.functional import ClassDistances
from hirl_mm.files import replacing

from .evaluation_plot import COLORS

_BINS = 80


def draw_level_distances(
    views: Mapping[str, Tensor],
    classes: Mapping[str, ClassDistances],
    path: str | os.PathLike,
) -> None:
    """Draw distances of views and of classes, as Figures 5 and 6 of HCCL.

    On the left are histograms of the distance between two views of an image.
    In the middle and on the right are the mean distances within every class
    and to the other classes, the classes in the order of the first level.

    Args:
        views: (M,) distances by name of the pair of levels.
        classes: Distances of C classes by name of the level.
        path: Path of the picture; its suffix selects the format.
    """
    figure = Figure(figsize=(13, 4), dpi=120, layout='constrained')
    left, middle, right = figure.subplots(1, 3)
    most = max(float(values.max()) for values in views.values())
    edges = torch.linspace(0, max(most, 0.01), _BINS + 1).tolist()
    for number, (name, values) in enumerate(views.items()):
        color = COLORS[number % len(COLORS)]
        left.hist(
            values.numpy(),
            edges,
            density=True,
            histtype='step',
            lw=1.5,
            color=color,
            label=f'{name}, mean {values.mean():.3f}',
        )
    _finish(left, 'two views of an image', 'cosine distance', 'density')
    for axes, kind, title in (
        (middle, 'within', 'two samples of a class'),
        (right, 'between', 'a sample of the class and one of another'),
    ):
        _draw_classes(axes, classes, kind)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        x = 'class, sorted by the first level'
        _finish(axes, title, x, 'mean cosine distance')
    with replacing(path) as temporary:
        figure.savefig(temporary)


def _draw_classes(
    axes: Axes, classes: Mapping[str, ClassDistances], kind: str
) -> None:
    first = next(iter(classes.values()))
    order = getattr(first, kind).argsort()
    for number, (name, distances) in enumerate(classes.items()):
        values = getattr(distances, kind)
        axes.plot(
            values[order].numpy(),
            '.',
            color=COLORS[number % len(COLORS)],
            label=f'{name}, mean {values.nanmean():.3f}',
        )


def _finish(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.set_ylim(bottom=0)
    axes.grid(color='#dddddd')
    axes.legend(frameon=False)

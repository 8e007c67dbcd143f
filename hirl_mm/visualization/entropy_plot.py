"""Picture of how sure a classifier is of the images it was asked about."""

import os
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from hirl_mm.files import replacing

from .evaluation_plot import COLORS

_BINS = 60


def draw_entropies(
    entropy: Tensor,
    max_entropy: float,
    labelled: Sequence[int],
    kept: Sequence[int],
    path: str | os.PathLike,
) -> None:
    """Draw the entropies of predictions, and the images kept of every class.

    Args:
        entropy: (N,) entropy of the prediction for every image, in nats.
        max_entropy: Largest entropy of an image that is kept, in nats.
        labelled: Number of images with a true label, per class.
        kept: Number of images with a pseudo-label, per class.
        path: Path of the picture; its suffix selects the format.
    """
    figure = Figure(figsize=(11, 4), dpi=120, layout='constrained')
    left, right = figure.subplots(1, 2)
    _draw_histogram(left, entropy, max_entropy)
    order = sorted(range(len(kept)), key=lambda c: -labelled[c] - kept[c])
    bars = {
        'true labels': ([labelled[c] for c in order], [0] * len(order)),
        'pseudo-labels': (
            [kept[c] for c in order],
            [labelled[c] for c in order],
        ),
    }
    for (name, (height, bottom)), color in zip(
        bars.items(), COLORS, strict=False
    ):
        place = range(len(order))
        right.bar(place, height, 1.0, bottom, label=name, color=color)
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set(xlabel='class, largest first', ylabel='images')
    right.legend(frameon=False)
    with replacing(path) as temporary:
        figure.savefig(temporary)


def _draw_histogram(axes: Axes, entropy: Tensor, max_entropy: float) -> None:
    sure = entropy <= max_entropy
    axes.hist(
        [entropy[sure].tolist(), entropy[~sure].tolist()],
        _BINS,
        stacked=True,
        color=[COLORS[1], '#bbbbbb'],
        label=['kept', 'dropped'],
    )
    axes.axvline(max_entropy, color='black', lw=1)
    axes.set(xlabel='entropy of the prediction in nats', ylabel='images')
    axes.legend(frameon=False)

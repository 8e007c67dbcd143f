import os
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from hirl_mm.files import replacing

from .axis_span import widen
from .picture_text import label_text

MARKERS = 'os^Dv'


def draw_rate_curves(
    curves: Mapping[str, Sequence[tuple[float, float, float]]],
    path: str | os.PathLike,
    param: str,
    metric: str,
) -> None:
    """Draw the results of a learning-rate sweep with one curve per arm.

    The highest point of every arm has a ring, and every point a bar of its
    spread. The vertical axis, in percent, spans five points at least.

    Args:
        curves: Points (rate, mean, spread) by arm, rates ascending.
        path: Picture to write; its suffix chooses the format.
        param: Name of the horizontal axis, which is logarithmic.
        metric: Name of the vertical axis.
    """
    figure = Figure(figsize=(6, 4), dpi=150, layout='constrained')
    axes = figure.subplots()
    for number, (arm, curve) in enumerate(curves.items()):
        rates, means, spreads = zip(*curve, strict=True)
        best, best_rate = max(
            zip(means, rates, strict=True), key=lambda point: point[0]
        )
        (line, *_) = axes.errorbar(
            rates,
            means,
            spreads,
            marker=MARKERS[number % len(MARKERS)],
            capsize=3,
            label=f'{label_text(arm)} (best {best:.2f} at {best_rate:g})',
        )
        ring = dict(s=180, facecolors='none', edgecolors=line.get_color())
        axes.scatter([best_rate], [best], **ring)
    axes.set(xscale='log', xlabel=label_text(param), ylabel=label_text(metric))
    widen(axes)
    axes.grid(alpha=0.3)
    axes.legend()
    with replacing(path) as temporary:
        figure.savefig(temporary)

import os
from collections.abc import Sequence

from matplotlib.figure import Figure

from hirl_mm.evaluation.rate_sweep import RatePoint, best_points
from hirl_mm.files import replacing

MARKERS = 'os^Dv'


def draw_rate_curves(
    points: Sequence[RatePoint],
    path: str | os.PathLike,
    param: str,
    metric: str,
) -> None:
    """Draw the results of a learning-rate sweep with one curve per arm.

    A ring marks the best point of every arm; error bars are standard
    deviations over seeds.

    Args:
        points: Results of the sweep.
        path: Path of the picture to write; its suffix selects the format.
        param: Label of the horizontal axis, which is logarithmic.
        metric: Label of the vertical axis.
    """
    figure = Figure(figsize=(6, 4), dpi=150, layout='constrained')
    axes = figure.subplots()
    for number, (arm, best) in enumerate(best_points(points).items()):
        curve = [point for point in points if point.arm == arm]
        (line, *_) = axes.errorbar(
            [point.rate for point in curve],
            [point.mean for point in curve],
            [point.spread for point in curve],
            marker=MARKERS[number % len(MARKERS)],
            capsize=3,
            label=f'{arm} (best {best.mean:.2f} at {best.rate:g})',
        )
        ring = dict(s=180, facecolors='none', edgecolors=line.get_color())
        axes.scatter([best.rate], [best.mean], **ring)
    axes.set(xscale='log', xlabel=param, ylabel=metric)
    axes.grid(alpha=0.3)
    axes.legend()
    with replacing(path) as temporary:
        figure.savefig(temporary)

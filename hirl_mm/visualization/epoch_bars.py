import os
from collections.abc import Mapping

from matplotlib.figure import Figure

from hirl_mm.files import replacing

from .picture_text import label_text

_INCHES = 8.0


def draw_epoch_bars(
    means: Mapping[str, Mapping[str, float]], out: str | os.PathLike
) -> None:
    """Draw one stacked bar per run with the parts of its mean epoch.

    Args:
        means: Seconds by run and part of the epoch; all runs have the same
            parts.
        out: Path of the picture to write; its suffix selects the format.

    Raises:
        ValueError: If the format is unknown.
    """
    names = list(means)
    figure = Figure((_INCHES, 1.6 + 0.6 * len(names)), layout='constrained')
    axes = figure.subplots()
    rows = range(len(names))
    axes.set_yticks(rows, list(map(label_text, names)))
    begins = dict.fromkeys(names, 0.0)
    for part in means[names[0]]:
        seconds = [means[name][part] for name in names]
        axes.barh(rows, seconds, left=list(begins.values()), label=part)
        begins = {name: begins[name] + means[name][part] for name in names}
    for row, total in enumerate(begins.values()):
        axes.text(total, row, f' {total:.2f} s', va='center')
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel('seconds of a mean epoch')
    figure.legend(loc='outside upper center', ncols=6, frameon=False)
    with replacing(out) as temporary:
        figure.savefig(temporary, dpi=150)

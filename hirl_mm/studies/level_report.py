"""Report of the distances between projections, level by level."""

import math
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hirl_mm.engine.evaluation.level_analysis import LevelAnalysis
from hirl_mm.tables import aligned_table
from hirl_mm.visualization.level_plot import draw_level_distances

from .report import report_facts, write_report

# "Most of their cosine distances are less than 0.2", section A.5.1.
NEAR = 0.2
_BINS = 100
_HEAD = (
    'levels',
    *('views, mean', 'std', f'below {NEAR}', 'within classes', 'between'),
)
_NOTE = f"""\
Cosine distances, 0 to 2. "views" are two random views of every image; of two
levels, each view's lower level with the other view's higher level. "below
{NEAR}" is the share of these distances in percent. "within classes" and
"between" are means over all classes of the mean distance of two samples of a
class, and of a sample of the class and one of another class. z1 is the
projection nearest to the backbone.
"""


def pair_distances(views: Tensor) -> dict[str, Tensor]:
    """Return the distances between two views by pair of levels.

    Args:
        views: (N, n, n) distances, see
            :func:`~hirl_mm.evaluation.functional.view_distances`.

    Returns:
        (N,) distances of each of the n levels, such as ``'z1'``, followed by
        (2N,) distances of every two levels, such as ``'z1 and z2'``: the
        lower level is that of the first view in one half and that of the
        second view in the other.
    """
    levels = range(views.size(1))
    pairs = {f'z{i + 1}': views[:, i, i] for i in levels}
    for i in levels:
        for j in levels[i + 1 :]:
            both = torch.cat([views[:, i, j], views[:, j, i]])
            pairs[f'z{i + 1} and z{j + 1}'] = both
    return pairs


def write_level_report(
    folder: Path, analysis: LevelAnalysis, **facts: Any
) -> str:
    """Write ``levels.md``, ``levels.json`` and ``levels.png``.

    Args:
        folder: Folder to write to.
        analysis: Distances of one network.
        **facts: Facts about the measurement, such as its checkpoint.

    Returns:
        The table of the report.
    """
    facts = report_facts(**facts, num_images=len(analysis.views))
    pairs = pair_distances(analysis.views)
    classes = {f'z{i}': c for i, c in enumerate(analysis.classes, start=1)}
    views = {name: _summary(values) for name, values in pairs.items()}
    levels = {
        name: {
            kind: dict(mean=_mean(values), by_class=_numbers(values))
            for kind, values in distances._asdict().items()
        }
        for name, distances in classes.items()
    }
    rows = []
    for name, found in views.items():
        cells = [f'{found[key]:.3f}' for key in ('mean', 'std')]
        cells.append(f'{100 * found["share_below"]:.1f}')
        for kind in ('within', 'between'):
            value = levels[name][kind]['mean'] if name in levels else None
            cells.append('-' if value is None else f'{value:.3f}')
        rows.append([name, *cells])
    table = aligned_table(_HEAD, rows)
    content = dict(
        facts=facts,
        near=NEAR,
        views=views,
        levels=levels,
        classes=list(analysis.class_names),
    )
    write_report(
        folder / 'levels.md',
        table=table,
        note=_NOTE,
        facts=facts,
        content=content,
        draw=partial(draw_level_distances, pairs, classes),
    )
    return table


def _summary(values: Tensor) -> dict:
    counts = torch.histc(values, _BINS, 0, 2)
    return dict(
        mean=values.mean().item(),
        mean_cosine=1 - values.mean().item(),
        std=values.std(correction=0).item(),
        median=values.median().item(),
        share_below=(values < NEAR).float().mean().item(),
        # Of bins of equal width between 0 and 2.
        histogram=counts.long().tolist(),
    )


def _mean(values: Tensor) -> float | None:
    """Return the mean over the classes that have a value, if any has one."""
    mean = values.nanmean().item()
    return None if math.isnan(mean) else mean


def _numbers(values: Tensor) -> list[float | None]:
    # JSON has no nan.
    return [None if math.isnan(value) else value for value in values.tolist()]

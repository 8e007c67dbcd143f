from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from hirl_mm.visualization.rate_curves import draw_rate_curves

from ..report import report_facts, write_report
from .points import best_points, edge_notes, rate_points, sweep_table


def write_sweep_report(
    folder: Path,
    results: Mapping[tuple[str, float, int], float],
    *,
    config: str,
    param: str,
    metric: str,
    **facts: Any,
) -> str:
    """Write ``sweep.md``, ``sweep.json`` and ``sweep.png``.

    Args:
        folder: Folder to write to.
        results: Result by arm, rate and seed.
        config: Config file that was trained.
        param: Config key that was swept.
        metric: Name of the metric of the results.
        **facts: Further facts about the sweep, such as its command.

    Returns:
        The table, followed by a note for every arm whose best rate is at the
        edge of the grid.
    """
    points = rate_points(results)
    best = best_points(points)
    facts = report_facts(**facts)
    content = dict(
        config=config,
        param=param,
        metric=metric,
        runs=[
            dict(arm=arm, rate=rate, seed=seed, value=value)
            for (arm, rate, seed), value in results.items()
        ],
        best={a: dict(rate=p.rate, value=p.mean) for a, p in best.items()},
        facts=facts,
    )
    table = sweep_table(points, param)
    notes = edge_notes(points, param)
    note = '\n'.join([f'{metric}, last validation.', *notes])
    curves = {
        arm: [(p.rate, p.mean, p.spread) for p in points if p.arm == arm]
        for arm in best
    }
    write_report(
        folder / 'sweep.md',
        table=table,
        note=note,
        facts=facts,
        content=content,
        draw=partial(draw_rate_curves, curves, param=param, metric=metric),
    )
    return f'{table}\n{note}'

import json
from collections.abc import Mapping
from pathlib import Path

from hirl_mm.evaluation.rate_sweep import (
    best_points,
    edge_notes,
    rate_points,
    sweep_table,
)
from hirl_mm.files import replacing
from hirl_mm.visualization.rate_curves import draw_rate_curves


def write_sweep_report(
    folder: Path,
    results: Mapping[tuple[str, float, int], float],
    *,
    config: str,
    param: str,
    metric: str,
) -> str:
    """Write ``sweep.md``, ``sweep.json`` and ``sweep.png``.

    Args:
        folder: Where to.
        results: By arm, rate and seed.
        config: What was trained.
        param: What was swept.
        metric: What the results are.

    Returns:
        The text of ``sweep.md``: the table, and a note for every arm whose
        best rate is at the edge of the grid.
    """
    points = rate_points(results)
    best = best_points(points)
    content = dict(
        config=config,
        param=param,
        metric=metric,
        runs=[
            dict(arm=arm, rate=rate, seed=seed, value=value)
            for (arm, rate, seed), value in results.items()
        ],
        best={a: dict(rate=p.rate, value=p.mean) for a, p in best.items()},
    )
    with replacing(folder / 'sweep.json') as temporary:
        temporary.write_text(json.dumps(content, indent=2) + '\n')
    notes = '\n'.join(edge_notes(points, param))
    table = sweep_table(points, param)
    text = f'{table}\n{metric}, last validation.\n{notes}'.rstrip()
    with replacing(folder / 'sweep.md') as temporary:
        temporary.write_text(f'{text}\n')
    draw_rate_curves(points, folder / 'sweep.png', param, metric)
    return text

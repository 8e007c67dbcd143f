"""Table of methods over several seeds, with paired differences."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from hirl_mm.tables import aligned_table, mean_with_spread

from ..report import report_facts, write_report

# Percentages by name, for every method and seed.
Results = Mapping[tuple[str, int], Mapping[str, float]]
_NOTE = """\
In percent: mean and standard deviation over the seeds. Of differences, both
are over the seeds that both methods have, seed by seed. What the images are
too few for is left out.
"""


def check_pairs(pairs: Sequence[tuple[str, str]], arms: Sequence[str]) -> None:
    """Check that differences are between two of the methods.

    Args:
        pairs: Names of two methods, the second subtracted from the first.
        arms: Names of all methods.

    Raises:
        ValueError: If a name is unknown, or both are the same.
    """
    for pair in pairs:
        if not set(pair) <= set(arms) or len(set(pair)) < 2:
            raise ValueError(
                f'a difference needs two of {", ".join(arms)}, got '
                f'{" and ".join(pair)}'
            )


def methods_table(results: Results, pairs: Sequence[tuple[str, str]]) -> str:
    """Return a Markdown table: a row per method and a row per difference.

    Args:
        results: Percentages by method and seed.
        pairs: Names of two methods, the second subtracted from the first.
    """
    figures = list(dict.fromkeys(name for r in results.values() for name in r))
    arms = list(dict.fromkeys(arm for arm, _ in results))
    rows = []
    for arm in arms:
        values = [_by_seed(results, arm, f).values() for f in figures]
        rows.append([arm, *map(mean_with_spread, values)])
    for pair in pairs:
        cells = [
            mean_with_spread(_paired(results, *pair, f), '+') for f in figures
        ]
        rows.append([' - '.join(pair), *cells])
    return aligned_table(['method', *figures], rows)


def write_methods_report(
    folder: Path,
    results: Results,
    pairs: Sequence[tuple[str, str]],
    **facts,
) -> str:
    """Write ``methods.md`` and ``methods.json``.

    Args:
        folder: Folder to write to.
        results: Percentages by method and seed.
        pairs: Names of two methods, the second subtracted from the first.
        **facts: Further facts about the comparison, such as its command.

    Returns:
        The table of the report.
    """
    facts = report_facts(**facts, seeds=sorted({seed for _, seed in results}))
    # JSON has no nan.
    runs = [
        dict(
            method=arm,
            seed=seed,
            figures={
                name: None if math.isnan(value) else value
                for name, value in figures.items()
            },
        )
        for (arm, seed), figures in results.items()
    ]
    table = methods_table(results, pairs)
    write_report(
        folder / 'methods.md',
        table=table,
        note=_NOTE,
        facts=facts,
        content=dict(facts=facts, pairs=list(pairs), runs=runs),
    )
    return table


def _by_seed(results: Results, arm: str, figure: str) -> dict[int, float]:
    return {
        seed: figures[figure]
        for (name, seed), figures in results.items()
        if name == arm and not math.isnan(figures.get(figure, math.nan))
    }


def _paired(
    results: Results, first: str, second: str, figure: str
) -> list[float]:
    ours = _by_seed(results, first, figure)
    theirs = _by_seed(results, second, figure)
    return [ours[seed] - theirs[seed] for seed in ours if seed in theirs]

"""Tables of arms and of their differences."""

from collections.abc import Sequence

from hirl_mm.tables import aligned_table, mean_with_spread

from .compared import ComparedArms
from .grid_run import Key
from .intervals import PairedDifference


def study_tables(
    compared: Sequence[ComparedArms],
    plotted: Sequence[str] = (),
    failed: Sequence[Key] = (),
) -> str:
    """Return the tables of all studies in Markdown.

    Args:
        compared: Comparisons of the studies.
        plotted: Names of the figures whose differences come first.
        failed: Keys of runs that failed.
    """
    summary = summary_table(compared, plotted)
    parts = [f'## Differences\n\n{summary}'] if summary else []
    for found in compared:
        study, data = found.study, found.data
        if data == study.data[0]:
            parts.append(f'## {study.name}\n\n{study.question}\n')
        parts.append(f'### {study.name}: {data}\n')
        if found.figures:
            parts += [arm_table(found), difference_table(found)]
        parts.append(_missing(found, failed))
    return '\n'.join(parts)


def summary_table(
    compared: Sequence[ComparedArms], plotted: Sequence[str]
) -> str:
    """Return a table with a row per pair of arms and data set.

    Args:
        compared: Comparisons of the studies.
        plotted: Names of the figures, a column each: the mean difference and
            its t interval, in bold type if that excludes 0.

    Returns:
        The table; empty without a figure or a difference.
    """
    rows = []
    for found in compared:
        for pair, figures in found.differences.items():
            cells = [_summary(figures.get(name)) for name in plotted]
            seeds = max((d.num for d in figures.values()), default=0)
            where = found.study.name, found.data, ' - '.join(pair)
            rows += [[*where, str(seeds), *cells]] if any(cells) else []
    head = ['study', 'images', 'difference', 'seeds', *plotted]
    return aligned_table(head, rows, left=3) if rows else ''


def mean_with_interval(
    mean: float,
    ends: Sequence[float] | None,
    clear: bool,
    decimals: int = 2,
) -> str:
    """Return a mean difference and its interval for a cell.

    Args:
        mean: The mean.
        ends: Ends of the interval; None for none.
        clear: Whether the interval excludes 0, for bold type.
        decimals: Number of decimals.

    Example:
        >>> mean_with_interval(2, (1, 3), True, decimals=1)
        '**+2.0 (+1.0 to +3.0)**'
    """
    text = f'{mean:+.{decimals}f}'
    if ends is not None:
        text += f' ({_interval(ends, decimals)})'
    return f'**{text}**' if clear else text


def _summary(found: PairedDifference | None) -> str:
    if found is None:
        return ''
    return mean_with_interval(found.mean, found.t_interval, found.clear)


def arm_table(found: ComparedArms) -> str:
    """Return a table with a row per figure and a column per arm.

    Args:
        found: A comparison; arms without a finished run are left out.
    """
    arms = {arm: figures for arm, figures in found.values.items() if figures}
    rows = [
        [
            name,
            *(
                mean_with_spread(figures.get(name, {}).values())
                for figures in arms.values()
            ),
        ]
        for name in found.figures
    ]
    heads = [
        f'{arm} ({max(map(len, figures.values()))})'
        for arm, figures in arms.items()
    ]
    return aligned_table(['figure (seeds)', *heads], rows)


def difference_table(found: ComparedArms) -> str:
    """Return a table with a row per pair of arms and figure.

    Args:
        found: A comparison.
    """
    rows = [
        [' - '.join(pair), name, *_cells(difference)]
        for pair, figures in found.differences.items()
        for name, difference in figures.items()
    ]
    head = ['difference', 'figure', 'reading', 'mean ± sd']
    head += ['t, 95 %', 'bootstrap, 95 %', 'seeds']
    return aligned_table(head, rows, left=3) if rows else ''


def _cells(found: PairedDifference) -> list[str]:
    spread = f' ± {found.spread:.2f}' if found.num > 1 else ''
    return [
        found.reading,
        f'{found.mean:+.2f}{spread}',
        _interval(found.t_interval),
        _interval(found.bootstrap),
        str(found.num),
    ]


def _interval(ends: Sequence[float] | None, decimals: int = 2) -> str:
    if ends is None:
        return '-'
    return ' to '.join(f'{end:+.{decimals}f}' for end in ends)


def _missing(found: ComparedArms, failed: Sequence[Key]) -> str:
    """Say which runs have no result, arm by arm."""
    parts = []
    for arm, keys in found.missing.items():
        seeds = ', '.join(
            f'{key[2]} (failed)' if key in failed else f'{key[2]}'
            for key in keys
        )
        if keys:
            parts.append(f'{arm}: seeds {seeds}')
    return f'Not finished: {"; ".join(parts)}.\n' if parts else ''

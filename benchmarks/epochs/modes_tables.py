"""Results of the comparison of modes as Markdown."""

import statistics
from collections.abc import Sequence

from benchmarks.common.tables import aligned_table


def modes_table(runs: dict[str, list[dict]]) -> str:
    """Return two tables: accuracy of the runs, and agreement of their trees.

    Args:
        runs: Entries of the runs by mode; the first mode is the reference.
    """
    return f'{_learned(runs)}\n{_trees(runs)}'


def _learned(runs: dict[str, list[dict]]) -> str:
    first, *others = runs
    names = list(runs[first][0]['figures'])
    rows = [
        (f'{mode}', *(_spread(_values(runs[mode], n)) for n in names))
        for mode in runs
    ]
    for mode in others:
        rows.append(
            (
                f'{mode} - {first}, paired',
                *(
                    _spread(
                        [
                            ours - theirs
                            for ours, theirs in zip(
                                _values(runs[mode], name),
                                _values(runs[first], name),
                                strict=True,
                            )
                        ],
                        sign='+',
                    )
                    for name in names
                ),
            )
        )
    seeds = len(runs[first])
    note = f'\nPercent; mean and standard deviation over {seeds} seeds.\n'
    return aligned_table(('mode', *names), rows, left=1) + note


def _trees(runs: dict[str, list[dict]]) -> str:
    first = next(iter(runs))
    rows = [
        (mode, *_agreement([run['twin'] for run in made]))
        for mode, made in runs.items()
    ]
    spread = _agreement([run['other_seed'] for run in runs[first]])
    rows.append(('faithful, other seed of k-means', *spread))
    head = ('leaves of the last tree', 'objective / faithful', 'ARI', 'NMI')
    return aligned_table(head, rows, left=1)


def _agreement(found: Sequence[dict]) -> list[str]:
    return [
        _spread([f[name] for f in found], digits=3)
        for name in ('objective', 'ari', 'nmi')
    ]


def _values(made: Sequence[dict], name: str) -> list[float]:
    return [run['figures'][name] for run in made]


def _spread(values: Sequence[float], digits: int = 1, sign: str = '') -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    mean = statistics.mean(values)
    return f'{mean:{sign}.{digits}f} +- {spread:.{digits}f}'

"""Overhead of HIRL from the times of epochs, as figures and as a table."""

from benchmarks.common.tables import aligned_table, percent_with_quartiles
from benchmarks.common.timing import quartiles

PLAIN = 'plain'
PARTS = ('extract', 'cluster')


def summarise(rounds: list[dict]) -> dict:
    """Compare the modes with the plain arm.

    Args:
        rounds: Result of ``measure`` of :mod:`benchmarks.epochs.overhead`.

    Returns:
        ``plain``, the seconds of a plain epoch; ``modes``, what each mode
        adds to it as shares of these; and the rounds.
    """
    plain = [sum(found['slices'][PLAIN]) for found in rounds]
    modes = {}
    for mode in rounds[0]['slices']:
        if mode == PLAIN:
            continue
        stages = [found['stages'][mode] for found in rounds]
        shares = {
            part: [s[part] / p for s, p in zip(stages, plain, strict=True)]
            for part in ('stage', *PARTS)
        }
        shares['other'] = [
            s - sum(parts) for s, *parts in zip(*shares.values(), strict=True)
        ]
        # Two turns that follow each other, forth and back, make a pair.
        shares['steps'] = [
            ratio - 1
            for found in rounds
            for ratio in _pair_ratios(
                found['slices'][mode], found['slices'][PLAIN]
            )
        ]
        parts = {name: quartiles(values) for name, values in shares.items()}
        total = parts['stage']['median'] + parts['steps']['median']
        modes[mode] = dict(overhead=total, parts=parts)
    return dict(plain=quartiles(plain), modes=modes, rounds=rounds)


def _pair_ratios(ours: list[float], theirs: list[float]) -> list[float]:
    pairs = list(zip(ours, theirs, strict=True))
    return [
        (a + b) / (c + d)
        for (a, c), (b, d) in zip(pairs[::2], pairs[1::2], strict=False)
    ]


def overhead_table(results: dict) -> str:
    """Return a table with a line per mode of :func:`summarise`."""
    columns = *PARTS, 'other', 'steps'
    rows = [
        (
            mode,
            f'{found["overhead"]:.1%}',
            *(
                percent_with_quartiles(found['parts'][part])
                for part in columns
            ),
        )
        for mode, found in results['modes'].items()
    ]
    head = (
        'mode',
        'overhead',
        'extract',
        'cluster',
        'log, save, exchange',
        'steps (tap, loss, bank)',
    )
    return aligned_table(head, rows, left=1) + (
        f'\nShares of the steps of a plain epoch, '
        f'{results["plain"]["median"]:.1f} s; medians (lower to upper '
        'quartile) over the rounds, of the steps over pairs of turns; the '
        'overhead is the sum of medians. One process: no time goes into '
        'exchange between processes.\n'
    )

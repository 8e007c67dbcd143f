"""Results of the benchmark of the SPD loss as Markdown."""

from benchmarks.common.tables import aligned_table, median_ms, megabytes
from benchmarks.loss.forms import (
    ALL_PATHS,
    BY_ALL,
    CHOSEN,
    GATHERED,
    KERNELS,
    MULTINOMIAL,
    RELEASED,
    SHIFT,
)

_HEAD = (
    'B, N_neg, D, prototypes',
    'chosen form',
    f'{RELEASED} ms',
    f'{CHOSEN} ms',
    'times faster',
    'with draws',
    f'{KERNELS} ms',
    f'{BY_ALL} ms',
    f'{GATHERED} ms',
    f'{ALL_PATHS} ms',
    f'{MULTINOMIAL} / {SHIFT} ms',
    f'{RELEASED} MB',
    f'{CHOSEN} MB',
    'times leaner',
    f'{ALL_PATHS} MB',
    'loss differs',
    'gradient differs',
)


def path_loss_table(results: list[dict]) -> str:
    """Return a table with a line per :class:`~benchmarks.loss.forms.Row`."""
    return aligned_table(_HEAD, [_row(r) for r in results], left=2)


def _row(result: dict) -> tuple[str, ...]:
    ms = {name: median_ms(found) for name, found in result['seconds'].items()}
    sizes = (result[k] for k in ('batch_size', 'num_negatives', 'dim'))
    prototypes = '/'.join(map(str, result['num_prototypes']))
    peak = result['peak_bytes']
    return (
        ', '.join(map(str, (*sizes, prototypes))),
        _chosen(result),
        ms[RELEASED],
        ms[CHOSEN],
        f'{result["speedup"]["median"]:.1f}',
        f'{result["speedup_with_draws"]["median"]:.1f}',
        ms.get(KERNELS, 'not run'),
        *(ms[form] for form in (BY_ALL, GATHERED, ALL_PATHS)),
        f'{ms[MULTINOMIAL]} / {ms[SHIFT]}',
        megabytes(peak[RELEASED]),
        megabytes(peak[CHOSEN]),
        f'{result["times_leaner"]:.1f}',
        megabytes(peak[ALL_PATHS]),
        f'{result["loss_difference"]:.0e}',
        f'{result["gradient_difference"]:.0e}',
    )


def _chosen(result: dict) -> str:
    """Return the kernels, or whether a level is compared with as a whole."""
    if result['takes_kernels']:
        return KERNELS
    return ' '.join('all' if whole else 'some' for whole in result['by_all'])

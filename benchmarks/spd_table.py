"""Results of the benchmark of the SPD loss as Markdown."""

from spd_rows import (
    ALL_PATHS,
    BY_ALL,
    CHOSEN,
    GATHERED,
    MULTINOMIAL,
    RELEASED,
    SHIFT,
)

from hirl_mm.tables import aligned_table

_HEAD = (
    'B, N_neg, D, prototypes',
    'by all of a level',
    f'{RELEASED} ms',
    f'{CHOSEN} ms',
    'times faster',
    'with draws',
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


def spd_table(results: list[dict]) -> str:
    """A line per row of sizes."""
    return aligned_table(_HEAD, [_row(r) for r in results], left=2)


def _row(result: dict) -> tuple[str, ...]:
    seconds = {k: v['median'] for k, v in result['seconds'].items()}
    sizes = (result[k] for k in ('batch_size', 'num_negatives', 'dim'))
    prototypes = '/'.join(map(str, result['num_prototypes']))
    peak = result['peak_bytes']
    draws = f'{_ms(seconds[MULTINOMIAL])} / {_ms(seconds[SHIFT])}'
    return (
        ', '.join(map(str, (*sizes, prototypes))),
        ' '.join('yes' if whole else 'no' for whole in result['by_all']),
        _ms(seconds[RELEASED]),
        _ms(seconds[CHOSEN]),
        f'{result["speedup"]["median"]:.1f}',
        f'{result["speedup_with_draws"]["median"]:.1f}',
        *(_ms(seconds[form]) for form in (BY_ALL, GATHERED, ALL_PATHS)),
        draws,
        f'{peak[RELEASED] / 1e6:.1f}',
        f'{peak[CHOSEN] / 1e6:.1f}',
        f'{result["times_leaner"]:.1f}',
        f'{peak[ALL_PATHS] / 1e6:.1f}',
        f'{result["loss_difference"]:.0e}',
        f'{result["gradient_difference"]:.0e}',
    )


def _ms(seconds: float) -> str:
    return f'{1e3 * seconds:.2f}'

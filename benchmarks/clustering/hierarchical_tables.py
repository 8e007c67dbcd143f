"""Results of the benchmark of hierarchical k-means as Markdown."""

from benchmarks.clustering.parts import PARTS
from benchmarks.clustering.released_cpu import PARTS as RELEASED_PARTS
from benchmarks.common.tables import (
    aligned_table,
    megabytes,
    with_quartiles,
)


def modes_table(results: dict) -> str:
    """Return a table of times and objectives of the modes."""
    base = results['base']
    rows = [
        (
            name,
            f'{mode["seconds"]["median"]:.2f}',
            with_quartiles(mode['ratio']),
            ' '.join(f'{value:.5f}' for value in mode['objective_ratio']),
        )
        for name, mode in results['modes'].items()
    ]
    rows += [(name, 'missing', '', '') for name in results['missing']]
    head = ('mode', 's', f'time / {base}', f'objective / {base}, per level')
    return aligned_table(head, rows, left=1)


def parts_table(results: dict) -> str:
    """Return a table of the shares of the parts of each mode."""
    rows = []
    for name, parts in results['parts'].items():
        cells = [f'{parts[p]["share"]["median"]:.2%}' for p in PARTS]
        rows.append((name, *cells))
    text = aligned_table(('share of time', *PARTS), rows, left=1)
    if results['released_parts']:
        parts = results['released_parts']
        seconds = [f'{parts[p]["median"]:.3f}' for p in RELEASED_PARTS]
        text += '\n' + aligned_table(
            ('released order, s', *RELEASED_PARTS), [('', *seconds)], left=1
        )
    return text


def time_table(results: dict) -> str:
    """Return a table of the growth of time."""
    rows = [
        (
            name,
            ' '.join(str(size) for size in law['sizes']),
            ' '.join(f'{value:.3f}' for value in law['seconds']),
            f'{law["exponent"]:.2f}',
        )
        for name, law in results['time'].items()
    ]
    return aligned_table(
        ('growth with', '(N, K, D)', 's', 'exponent'), rows, left=2
    )


def memory_table(results: dict) -> str:
    """Return a table of the growth of memory and the formula that fits it."""
    rows = [
        (
            ', '.join(map(str, row['size'])),
            *(megabytes(row[k]) for k in ('n_by_k_matrix', 'peak', 'rest')),
        )
        for row in results['memory']['sizes']
    ]
    head = 'N, K, D', 'N x K, MB', 'peak, MB', 'less unit rows, MB'
    fit = results['memory']['fit']
    return aligned_table(head, rows, left=1) + (
        '\nLess unit rows: {constant:.0f} bytes + {per_row:.1f} per row + '
        '{per_centroid:.0f} per centroid + {per_pair:.4f} per pair.\n'
    ).format(**fit)

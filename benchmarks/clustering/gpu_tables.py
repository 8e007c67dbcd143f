"""Results of the GPU benchmark as Markdown."""

from benchmarks.common.tables import aligned_table, median_ms, megabytes

ASSIGNMENT = (
    'N, K, D, product',
    'arm',
    'ms',
    'TFLOP/s',
    'of GEMM rate',
    'triton / arm',
    'kernel / arm',
    'exact / arm',
    'labels as fp32',
    'peak MB',
)
OURS = 'triton', 'kernel', 'exact'
UPDATE = (
    'N, K, D',
    'arm',
    'ms',
    'GB/s',
    'cluster_sums / arm',
    'peak MB',
)
PARTS = ('part', 'ms', 'of two iterations')
TREE = (
    'schedule',
    'seconds',
    'released / it',
    'distances in fp32',
    'objective per level',
)


def report_tables(results: dict) -> str:
    """Return a table per part that was run."""
    tables = []
    if 'assignment' in results:
        rows = [r for c in results['assignment'] for r in _assignment(c)]
        tables.append(aligned_table(ASSIGNMENT, rows, left=2))
    if 'update' in results:
        rows = [r for c in results['update'] for r in _update(c)]
        tables.append(aligned_table(UPDATE, rows, left=2))
    if 'parts' in results:
        tables.append(aligned_table(PARTS, _parts(results['parts'])))
    if 'tree' in results:
        tables.append(aligned_table(TREE, _tree(results['tree'])))
    return '\n'.join(tables)


def _size(cell: dict) -> str:
    return f'{cell["num_features"]}, {cell["num_clusters"]}, {cell["dim"]}'


def _assignment(cell: dict) -> list[tuple]:
    where = f'{_size(cell)}, {cell["precision"]}'
    rows = []
    for name, arm in cell['arms'].items():
        row = [where, name, median_ms(arm['seconds']), f'{arm["tflops"]:.1f}']
        if name == 'gemm':
            row += ['', *_ours(cell, name), '', '']
        else:
            row += [
                f'{arm["of_gemm"]["median"]:.0%}',
                *_ours(cell, name),
                f'{arm["labels_of_fp32"]:.4%}',
                megabytes(arm['peak_bytes'], digits=0),
            ]
        rows.append(tuple(row))
    for name, reason in cell['missing'].items():
        rows.append((where, name, f'missing: {reason}', *[''] * 7))
    return rows


def _ours(cell: dict, name: str) -> list[str]:
    return [_ratio(cell, f'{ours}/{name}') for ours in OURS]


def _update(cell: dict) -> list[tuple]:
    return [
        (
            _size(cell),
            name,
            median_ms(arm['seconds']),
            f'{arm["gigabytes_per_second"]:.1f}',
            _ratio(cell, f'cluster_sums/{name}'),
            megabytes(arm['peak_bytes'], digits=0),
        )
        for name, arm in cell['arms'].items()
    ]


def _parts(found: dict) -> list[tuple]:
    (_, whole), *_ = found['parts'].items()
    whole = whole['seconds']['median']
    rows = [
        (name, median_ms(part['seconds']), _share(part, whole))
        for name, part in found['parts'].items()
    ]
    share = found['bookkeeping']['median']
    return [*rows, ('all but three assignments', '', f'{share:.0%}')]


def _share(part: dict, whole: float) -> str:
    return f'{part["seconds"]["median"] / whole:.1%}'


def _tree(tree: dict) -> list[tuple]:
    rows = []
    for name, result in tree['schedules'].items():
        note = ''
        if name == 'released' and tree['emulated_iterations']:
            note = ' (extrapolated)'
        share = result['searched']
        rows.append(
            (
                name + note,
                f'{result["seconds"]["median"]:.2f}',
                _ratio(tree, f'released/{name}'),
                '' if share is None else f'{share:.2%}',
                ', '.join(f'{o:.6g}' for o in result['objectives'] or []),
            )
        )
    return rows


def _ratio(cell: dict, name: str) -> str:
    found = cell['ratios'].get(name)
    return '' if found is None else f'{found["median"]:.3f}'

"""Results of the throughput benchmark as Markdown."""

from benchmarks.common.tables import (
    aligned_table,
    megabytes,
    with_quartiles,
)

_HEAD = (
    'method',
    'network, views, batch',
    'plain ms/step',
    'images/s',
    'plain / mmpretrain',
    'HIRL, no tree / plain',
    'tap alone',
    'HIRL, tree / plain',
    'MB plain',
    'MB HIRL',
)
_NOTES = """
Ratios: median of the rounds (lower to upper quartile). * the two models are
of the same classes, so the ratio is noise (and the optimizer's groups).
"""


def ratios_table(results: dict) -> str:
    """Return a table of the arms, one row per method."""
    rows = [_row(result) for result in results.values()]
    return aligned_table(_HEAD, rows, left=2) + _NOTES


def parts_table(results: dict) -> str:
    """Return a table of the parts of a step; '' if none were measured."""
    parted = [result for result in results.values() if 'parts' in result]
    if not parted:
        return ''
    columns = [_shares(result['parts']) for result in parted]
    rows = [
        (part, *(column[part] for column in columns)) for part in columns[0]
    ]
    head = ['part of a plain step']
    head += [f'{result["title"]}, ms (share)' for result in parted]
    return aligned_table(head, rows, left=1)


def _row(result: dict) -> tuple[str, ...]:
    arms, ratios = result['arms'], result['ratios']
    views = ' + '.join(f'{num} x {size} px' for num, size in result['views'])
    setting = f'{result["network"]}; {views}; {result["batch_size"]}'
    star = ' *' if result['same_class'] else ''
    return (
        result['title'],
        setting,
        f'{1e3 * arms["plain"]["seconds_per_step"]["median"]:.0f}',
        f'{arms["plain"]["images_per_second"]:.0f}',
        _spread(ratios.get('plain/mmpretrain')) + star,
        _spread(ratios['hirl_no_tree/plain']),
        _tap(result),
        _spread(ratios['hirl_tree/plain']),
        megabytes(arms['plain']['memory_bytes'], digits=0),
        megabytes(arms['hirl_tree']['memory_bytes'], digits=0),
    )


def _spread(ratio: dict | None) -> str:
    if ratio is None:
        return 'not in mmpretrain'
    return with_quartiles(ratio)


def _tap(result: dict) -> str:
    seconds = result['tap']['median']
    step = result['arms']['plain']['seconds_per_step']['median']
    return f'{1e3 * seconds:.2f} ms ({seconds / step:.2%})'


def _shares(parts: dict) -> dict[str, str]:
    medians = {part: value['median'] for part, value in parts.items()}
    total = sum(medians.values())
    cells = {
        part: f'{1e3 * median:.1f} ({median / total:.1%})'
        for part, median in medians.items()
    }
    return cells | {'sum': f'{1e3 * total:.1f} (100%)'}

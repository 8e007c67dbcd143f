import json
from collections.abc import Mapping
from pathlib import Path

from hirl_mm.files import replacing
from hirl_mm.tables import aligned_table

_LOSSES = 'loss_ssl', 'loss_spd', 'joint'


def best_of(results: Mapping[str, Mapping]) -> str:
    """The candidate with the lowest joint loss; the first of equal ones."""
    return min(results, key=lambda name: results[name]['joint'])


def search_table(results: Mapping[str, Mapping]) -> str:
    """A Markdown table of a search for prototypes, the best one marked.

    Args:
        results: By candidate its ``num_prototypes``, ``num_negatives`` and
            held-out losses ``loss_ssl``, ``loss_spd`` and ``joint``.
    """
    best = best_of(results)
    rows = [
        (
            ', '.join(map(str, found['num_prototypes'])),
            str(found['num_negatives']),
            *(f'{found[loss]:.4f}' for loss in _LOSSES),
            '*' if name == best else '',
        )
        for name, found in results.items()
    ]
    head = 'prototypes', 'negatives', *_LOSSES, 'chosen'
    return aligned_table(head, rows)


def write_search(folder: Path, results: Mapping[str, Mapping], **facts) -> str:
    """Write ``search.json`` and ``search.md``.

    Args:
        folder: Where to.
        results: As for :func:`search_table`, of the finished candidates.
        **facts: About the search, such as its seed.

    Returns:
        The table.
    """
    table = search_table(results)
    facts = facts | dict(chosen=best_of(results), candidates=dict(results))
    with replacing(folder / 'search.json') as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + '\n')
    with replacing(folder / 'search.md') as temporary:
        temporary.write_text(table)
    return table

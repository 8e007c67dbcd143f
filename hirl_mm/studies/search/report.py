from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hirl_mm.tables import aligned_table

from ..report import report_facts, write_report
from .candidates import Candidate

_LOSSES = 'loss_ssl', 'loss_spd', 'joint'

Losses = Mapping[Candidate, Mapping[str, float]]


def best_of(losses: Losses) -> Candidate:
    """Return the candidate with the lowest joint loss.

    Of candidates with equal losses it is the first.

    Args:
        losses: Held-out losses by candidate, see :func:`search_table`.
    """
    return min(losses, key=lambda candidate: losses[candidate]['joint'])


def search_table(losses: Losses) -> str:
    """Return a Markdown table of a search; the best candidate has a star.

    Args:
        losses: Held-out losses ``loss_ssl``, ``loss_spd`` and ``joint`` by
            candidate.
    """
    best = best_of(losses)
    rows = [
        (
            ', '.join(map(str, candidate.num_prototypes)),
            str(candidate.num_negatives),
            *(f'{found[loss]:.4f}' for loss in _LOSSES),
            '*' if candidate == best else '',
        )
        for candidate, found in losses.items()
    ]
    head = 'prototypes', 'negatives', *_LOSSES, 'chosen'
    return aligned_table(head, rows)


def write_search_report(
    folder: Path,
    losses: Losses,
    *,
    config: str,
    held_out: int,
    seed: int,
    **facts: Any,
) -> str:
    """Write ``search.md`` and ``search.json``.

    Args:
        folder: Folder to write to.
        losses: Losses of the finished candidates, see :func:`search_table`.
        config: Config file whose numbers were searched.
        held_out: Number of held-out images.
        seed: Seed of the held-out images, their views and negative paths.
        **facts: Further facts about the search, such as its command.

    Returns:
        The table of the report.
    """
    table = search_table(losses)
    facts = report_facts(**facts)
    content = dict(
        config=config,
        held_out=held_out,
        seed=seed,
        chosen=best_of(losses).name,
        candidates={c.name: {**c._asdict(), **losses[c]} for c in losses},
        facts=facts,
    )
    write_report(
        folder / 'search.md',
        table=table,
        note=f'Losses of {held_out} held-out images; the lowest joint loss '
        'is chosen.',
        facts=facts,
        content=content,
    )
    return table

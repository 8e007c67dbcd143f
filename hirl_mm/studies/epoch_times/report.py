"""Tables of epoch times, and the files of a comparison."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from hirl_mm.tables import aligned_table

from ..report import report_facts, write_report
from .epochs import PARTS

# Table 6 of the paper: dimension of the features, and seconds of an epoch on
# ImageNet without and with HIRL.
PAPER = {
    'MoCo v2': (128, 13 * 60 + 39, 17 * 60 + 30),
    'SimSiam': (2048, 12 * 60 + 9, 21 * 60 + 10),
    'SwAV': (128, 6 * 60 + 3, 8 * 60 + 15),
    'MoCo v3': (256, 3 * 60 + 58, 6 * 60 + 30),
    'DINO': (256, 13 * 60, 16 * 60 + 9),
    'iBOT': (256, 13 * 60 + 6, 16 * 60 + 10),
}


def time_table(means: Mapping[str, Mapping[str, float]]) -> str:
    """Return a Markdown table of mean epochs, with ratios to the first run.

    Args:
        means: Mean seconds per epoch, by run and part.
    """
    totals = {name: sum(parts.values()) for name, parts in means.items()}
    first = next(iter(totals.values()))
    rows = [
        (
            name,
            *(f'{parts[part]:.2f}' if parts[part] else '-' for part in PARTS),
            f'{totals[name]:.2f}',
            f'{totals[name] / first:.3f}',
        )
        for name, parts in means.items()
    ]
    return aligned_table(('run', *PARTS, 'total', 'ratio'), rows)


def paper_table() -> str:
    """Return Table 6 of the paper in Markdown, with its ratios."""
    rows = [
        (
            method,
            str(dim),
            *(f'{s // 60}:{s % 60:02d}' for s in (plain, hirl)),
            f'{hirl / plain:.3f}',
        )
        for method, (dim, plain, hirl) in PAPER.items()
    ]
    head = 'method', 'dimension', 'plain, min', 'HIRL, min', 'ratio'
    return aligned_table(head, rows)


def write_epoch_times(
    picture: Path, means: Mapping[str, Mapping[str, float]], first: int
) -> None:
    """Write a picture of mean epochs, a table and all values.

    Args:
        picture: Picture to write; its suffix chooses the format. The table
            (``.md``) and the values (``.json``) are written beside it.
        means: Mean seconds per epoch, by run and part.
        first: First epoch of the means.

    Raises:
        ValueError: If the picture format is unknown.
    """
    # Imported here, because the tables do not need Matplotlib and PyTorch.
    from hirl_mm.visualization.epoch_bars import draw_epoch_bars

    facts = report_facts(first_epoch=first)
    write_report(
        picture.with_suffix('.md'),
        table=time_table(means),
        note='Mean seconds per epoch; ratios are to the first run.',
        facts=facts,
        content=dict(facts=facts, runs=means),
        draw=partial(draw_epoch_bars, means),
        picture=picture.suffix,
    )

"""Write and read the results of one network, or of several networks."""

import json
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from hirl_mm.evaluation.arm_results import (
    ArmResults,
    left_out_note,
    paper_note,
    results_table,
)
from hirl_mm.evaluation.paper_comparison import beside_paper
from hirl_mm.evaluation.papers.table import PaperTable
from hirl_mm.visualization.evaluation_plot import draw_results

from ..report import report_facts, write_report

RESULTS_FILE = 'results.json'
_NOTE = """\
All figures are in percent, except the tree distance, which counts levels of
the taxonomy.
"""


def write_results(folder: Path, arm: ArmResults) -> str:
    """Write ``results.json``, ``results.md`` and ``results.png``.

    Args:
        folder: Folder to write to.
        arm: Results of one network; :func:`load_results` reads them.

    Returns:
        The table of the results, what was left out, and what papers report.
    """
    return _write(folder / RESULTS_FILE, [arm], vars(arm))


def write_comparison(
    file: Path, arms: Sequence[ArmResults], tables: Sequence[PaperTable] = ()
) -> str:
    """Write a comparison of the results of several networks.

    Args:
        file: Markdown file to write; all values (``.json``) and a picture
            (``.png``) are written beside it.
        arms: Results of at most six networks.
        tables: Tables of a paper to show below, with the results of these
            networks in them.

    Returns:
        The table of the comparison, what was left out, what papers report,
        and the tables of the paper.
    """
    return _write(file, arms, [vars(arm) for arm in arms], tables)


def load_results(path: str | os.PathLike) -> ArmResults:
    """Read a file that :func:`write_results` has written.

    Args:
        path: Path of the ``results.json``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no results.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'there are no results at {path}: run tools/evaluate.py first, or '
            'correct the path'
        )
    try:
        content = json.loads(path.read_text())
        _check_results(content)
    except ValueError as error:
        raise ValueError(
            f'{path} holds no results of tools/evaluate.py: {error}'
        ) from error
    return ArmResults(**content)


def _check_results(content: object) -> None:
    """Raise ValueError unless a value of JSON has the form of results."""
    if not isinstance(content, dict):
        raise ValueError(f'expected an object, got a {type(content).__name__}')
    kinds = dict(name=str, recipe=str, figures=dict, facts=dict, source=dict)
    for name, kind in kinds.items():
        if not isinstance(content.get(name), kind):
            raise ValueError(
                f'expected {name} to be a {kind.__name__}, got '
                f'{content.get(name)!r:.80}'
            )
    if unknown := content.keys() - kinds:
        raise ValueError(f'unknown entries {", ".join(sorted(unknown))}')
    for protocol, figures in content['figures'].items():
        if not isinstance(content['facts'].get(protocol), dict):
            raise ValueError(f'there are no facts of {protocol}')
        if not isinstance(figures, dict) or not all(
            isinstance(value, (int, float)) for value in figures.values()
        ):
            raise ValueError(
                f'figures of {protocol} must be numbers by name, got '
                f'{figures!r:.80}'
            )


def _write(
    file: Path,
    arms: Sequence[ArmResults],
    content: object,
    tables: Sequence[PaperTable] = (),
) -> str:
    parts = [results_table(arms), left_out_note(arms), paper_note(arms)]
    table = ''.join([*parts, *(f'\n{beside_paper(t, arms)}' for t in tables)])
    found_any = any(arm.rows() for arm in arms)
    write_report(
        file,
        table=table,
        note=_NOTE,
        facts=report_facts(),
        content=content,
        draw=partial(draw_results, arms) if found_any else None,
    )
    return table

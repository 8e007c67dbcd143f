"""Results of the networks of runs, beside those of the papers."""

import os
from collections.abc import Sequence
from pathlib import Path

from hirl_mm.engine.features.fingerprint import file_fingerprint
from hirl_mm.evaluation.arm_results import ArmResults, results_cells
from hirl_mm.evaluation.paper_results import paper_figures, paper_sources
from hirl_mm.pages.run_report import Note, Part, Section, Table

from ..comparison import gather_results
from ..comparison.report import RESULTS_FILE
from ..run_folder import RunFolder
from .run_record import RunRecord

# Folders below the one of a run in which evaluations are looked for.
_DEPTH = 3


def result_folders(run: str | os.PathLike) -> list[Path]:
    """Return the folders with results inside the work folder of a run.

    Args:
        run: Work folder of the run.
    """
    patterns = ['/'.join(['*'] * n + [RESULTS_FILE]) for n in range(_DEPTH)]
    found = (f for pattern in patterns for f in Path(run).glob(pattern))
    return sorted({file.parent for file in found})


def result_section(
    records: Sequence[RunRecord], folders: Sequence[Sequence[Path]]
) -> Section:
    """Return the section of results.

    Args:
        records: The runs.
        folders: Folders with results of every run, see
            :func:`gather_results`.
    """
    arms, parts = [], []
    for record, found in zip(records, folders, strict=True):
        arm = ArmResults(record.name, '')
        try:
            arm = gather_results(record.name, found)
            parts += _other_checkpoint(record, arm)
        except (ValueError, OSError) as error:
            parts.append(Note(f'{error}', 'warning'))
        arm.recipe = arm.recipe or _recipe(record)
        arms.append(arm)
    measured = [arm for arm in arms if arm.rows() or arm.left_out()]
    without = [arm for arm in arms if arm not in measured]
    if measured:
        head, rows = results_cells(measured)
        parts.insert(0, Table('Results, %', head, rows, left=2))
        parts.append(
            Note(
                'The tree distance, if there is one, counts levels of the '
                'taxonomy.'
            )
        )
        parts += [
            Note(f'Left out: {arm.name}, {protocol}, {figure}: {reason}')
            for arm in measured
            for (protocol, figure), reason in arm.left_out().items()
        ]
    if without:
        names = ', '.join(arm.name for arm in without)
        parts.append(
            Note(
                f'No results of {names}. tools/evaluate.py measures the '
                'features; give its folder with --results, or write it into '
                'the folder of the run.',
                'missing',
            )
        )
    return Section('Evaluation', [*parts, *_papers(arms)])


def _recipe(record: RunRecord) -> str:
    try:
        return RunFolder(record.folder).config_file().stem
    except FileNotFoundError:
        return ''


def _other_checkpoint(record: RunRecord, arm: ArmResults) -> list[Part]:
    """Warn of results that are not those of the last checkpoint."""
    measured = arm.source.get('checkpoint')
    try:
        last = RunFolder(record.folder).last_checkpoint()
    except FileNotFoundError:
        return []
    if not measured or file_fingerprint(last) == measured:
        return []
    text = f'The results of {record.name} are those of another checkpoint'
    return [Note(f'{text} than its last one, {last.name}.', 'warning')]


def _papers(arms: Sequence[ArmResults]) -> list[Part]:
    parts: list[Part] = []
    for recipe in dict.fromkeys(arm.recipe for arm in arms):
        figures, sources = paper_figures(recipe), paper_sources(recipe)
        rows = [
            [*key, sources[key], f'{value:.2f}']
            for key, value in figures.items()
        ]
        if rows:
            head = 'protocol', 'figure', 'paper', 'result, %'
            title = f'Reported by papers for {recipe}'
            parts.append(Table(title, head, rows, left=3))
        else:
            text = f'No paper reports figures for {recipe or "this run"}: '
            text += 'theirs are of recipes on ImageNet and COCO.'
            parts.append(Note(text, 'missing'))
    return parts

"""Gather all results of one network from several folders."""

import os
from collections.abc import Sequence
from pathlib import Path

from hirl_mm.engine.features.fingerprint import file_fingerprint
from hirl_mm.evaluation.arm_results import ArmResults

from .protocol_run import read_protocol_run
from .report import RESULTS_FILE, load_results

_FIGURES = {
    'accuracy/top1': 'top-1',
    'multi-label/mAP': 'mAP',
}


def gather_results(
    name: str, folders: Sequence[str | os.PathLike]
) -> ArmResults:
    """Return the results of one network in all protocols.

    Args:
        name: Name of the network.
        folders: Output folders of ``tools/evaluate.py``, and work folders of
            trained protocols, which count with their last validation.

    Raises:
        FileNotFoundError: If a folder holds neither results nor a run.
        ValueError: If two folders hold the same protocol, or results of
            different networks.
    """
    arm = ArmResults(name, recipe='')
    frozen = [f for f in map(Path, folders) if (f / RESULTS_FILE).is_file()]
    for folder in frozen:
        _add_frozen(arm, folder)
    for folder in map(Path, folders):
        if folder not in frozen:
            _add_trained(arm, folder)
    return arm


def _add_frozen(arm: ArmResults, folder: Path) -> None:
    found = load_results(folder / RESULTS_FILE)
    if arm.source:
        _check_same(arm, folder, found.source['checkpoint'])
    arm.recipe, arm.source = found.recipe, found.source
    for protocol, figures in found.figures.items():
        facts = found.facts[protocol] | dict(source=str(folder))
        arm.add(protocol, figures, **facts)


def _add_trained(arm: ArmResults, folder: Path) -> None:
    run = read_protocol_run(folder)
    if arm.source and Path(run.checkpoint).is_file():
        _check_same(arm, folder, file_fingerprint(run.checkpoint))
    figure = _FIGURES.get(run.metric, run.metric)
    arm.add(
        run.protocol,
        {figure: run.last},
        best=run.best,
        steps=max(run.values),
        checkpoint=run.checkpoint,
        source=str(folder),
    )


def _check_same(arm: ArmResults, folder: Path, checkpoint: str) -> None:
    if checkpoint != arm.source['checkpoint']:
        raise ValueError(
            f'{folder} is of another checkpoint than the results of '
            f'tools/evaluate.py, but both are given as {arm.name}: give the '
            'folders of one checkpoint per name'
        )

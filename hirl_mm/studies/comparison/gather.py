"""Gather all results of one network from several folders."""

import os
from collections.abc import Sequence
from pathlib import Path

from hirl_mm.engine.features.fingerprint import file_fingerprint
from hirl_mm.evaluation.arm_results import ArmResults

from ..run_folder import RunFolder
from .protocol_run import read_protocol_run
from .report import RESULTS_FILE, load_results


def gather_results(
    name: str, folders: Sequence[str | os.PathLike]
) -> ArmResults:
    """Return the results of one network in all protocols.

    Args:
        name: Name of the network.
        folders: Output folders of ``tools/evaluate.py``, and work folders of
            trained protocols, which count with their last validation. The
            recipe of the network is the one that the former name; without
            them it is the config beside the checkpoint of the latter.

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
    arm.recipe = arm.recipe or _recipe_of(run.checkpoint)
    arm.add(
        run.protocol,
        run.figures,
        best=run.best,
        steps=max(run.values),
        checkpoint=run.checkpoint,
        source=str(folder),
    )


def _recipe_of(checkpoint: str) -> str:
    """Return the recipe of the run that saved a checkpoint, '' if unknown."""
    run = RunFolder(Path(checkpoint).parent)
    if not (Path(checkpoint).is_file() and run.has_checkpoint()):
        return ''
    try:
        return run.config_file().stem
    except FileNotFoundError:
        return ''


def _check_same(arm: ArmResults, folder: Path, checkpoint: str) -> None:
    if checkpoint != arm.source['checkpoint']:
        raise ValueError(
            f'{folder} is of another checkpoint than the results of '
            f'tools/evaluate.py, but both are given as {arm.name}: give the '
            'folders of one checkpoint per name'
        )

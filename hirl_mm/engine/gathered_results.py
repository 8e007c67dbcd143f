"""Everything that was measured of one network, from several folders."""

import os
from collections.abc import Sequence
from pathlib import Path

from hirl_mm.evaluation.arm_results import ArmResults, load_results

from .protocol_run import read_protocol_run

RESULTS_FILE = 'results.json'
_FIGURES = {
    'accuracy/top1': 'top-1',
    'multi-label/mAP': 'mAP',
}


def gather_results(
    name: str, folders: Sequence[str | os.PathLike]
) -> ArmResults:
    """The results of one network in all protocols.

    Args:
        name: Of the network.
        folders: Of tools/evaluate.py, and work folders of trained protocols,
            whose figure is that of the last validation.

    Raises:
        FileNotFoundError: If a folder holds neither.
        ValueError: If two folders are of the same protocol, or of different
            networks.
    """
    arm = ArmResults(name, recipe='')
    for folder in map(Path, folders):
        if (folder / RESULTS_FILE).is_file():
            _add_frozen(arm, folder)
        else:
            _add_trained(arm, folder)
    return arm


def _add_frozen(arm: ArmResults, folder: Path) -> None:
    found = load_results(folder / RESULTS_FILE)
    if arm.source and arm.source['checkpoint'] != found.source['checkpoint']:
        raise ValueError(
            f'{folder} is of another checkpoint than the results before it, '
            f'all given as {arm.name}'
        )
    arm.recipe, arm.source = found.recipe, found.source
    for protocol, figures in found.figures.items():
        facts = found.facts[protocol] | dict(source=str(folder))
        arm.add(protocol, figures, **facts)


def _add_trained(arm: ArmResults, folder: Path) -> None:
    run = read_protocol_run(folder)
    figure = _FIGURES.get(run.metric, run.metric)
    arm.add(
        run.protocol,
        {figure: run.last},
        best=run.best,
        steps=max(run.values),
        source=str(folder),
    )

"""The process of one run: ``python -m hirl_mm.studies.grid.worker JOB``.

It ends when its standard input does, which the study keeps open.
"""

import os
import platform
import runpy
import signal
import sys
import threading
from collections.abc import Sequence

from hirl_mm.engine.runtime.stop_signals import REQUEUE_STATUS
from hirl_mm.version import source_commit

from ..run_folder import RunFolder
from ..training import train, training_command
from .grid_run import GridRun, RunFacts, RunRecord
from .job import read_job
from .spent_time import SpentTime

_STUDY_HAS_ENDED = threading.Event()


def make_run(run: GridRun, keep_checkpoint: bool) -> None:
    """Train a network, or go on with its training, and measure its features.

    The record of the run gets a dictionary with the ``figures``, the
    ``seconds`` and ``cpu_seconds`` of all starts, the commit, the versions
    and the machine.

    Args:
        run: Run of :func:`~hirl_mm.studies.grid.plan.plan_runs`.
        keep_checkpoint: Whether to keep the checkpoints, which take most of
            the space.

    Raises:
        SystemExit: If the study ends during the training.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    run.note(None)
    with SpentTime(run.folder) as spent:
        checkpoint = None
        if run.settings['trained']:
            _train(run)
            if _STUDY_HAS_ENDED.is_set():
                # In its last iterations a training leaves signals alone.
                raise SystemExit(REQUEUE_STATUS)
            checkpoint = str(RunFolder(run.folder).last_checkpoint())
        figures, facts = _figures(run, checkpoint), _facts()
        result: RunRecord = {'figures': figures, **facts, **spent.write()}
        run.note(result)
    if not keep_checkpoint:
        for file in run.folder.glob('*.pth'):
            file.unlink()


def end_with_study() -> None:
    """End this process when the other end of its standard input is closed.

    A study that is killed would otherwise leave trainings behind, and its
    next start would train in the same folders.
    """
    # sys.stdin has a lock, which Python needs when it exits.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    _STUDY_HAS_ENDED.set()
    # The main thread may have to end the processes of a training.
    main_thread = threading.main_thread().ident
    assert main_thread is not None  # It has started.
    signal.pthread_kill(main_thread, signal.SIGTERM)


def _train(run: GridRun) -> None:
    gpus = run.settings.get('gpus', 1)
    command = training_command(run, gpus)
    if gpus > 1:
        train(run, command)
    else:
        _run_as_main(command[1:])


def _figures(run: GridRun, checkpoint: str | None) -> dict[str, float]:
    from mmengine.config import Config

    from .figures import network_figures

    settings = run.settings
    return network_figures(
        Config.fromfile(run.config),
        checkpoint,
        settings['seed'],
        settings['ks'],
        settings['num_labels'],
        settings.get('num_prototypes', ()),
        settings.get('stages', ()),
    )


def _facts() -> RunFacts:
    import mmengine
    import mmpretrain
    import torch

    from ..report import machine_facts

    device = 'cpu'
    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
    return {
        'commit': source_commit(),
        'device': device,
        'threads': torch.get_num_threads(),
        'python': platform.python_version(),
        'mmengine': mmengine.__version__,
        'mmpretrain': mmpretrain.__version__,
        **machine_facts(),
    }


def _run_as_main(words: Sequence[str]) -> None:
    """Do in this process what ``python WORDS`` does."""
    before = sys.argv
    sys.argv = list(words)
    try:
        runpy.run_path(words[0], run_name='__main__')
    finally:
        sys.argv = before


def main() -> None:
    threading.Thread(target=end_with_study, daemon=True).start()
    make_run(*read_job(sys.argv[1]))


if __name__ == '__main__':
    main()

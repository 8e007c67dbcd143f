"""Train the runs of a study one after another."""

import os
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from hirl_mm.engine.checks.work_folder import files_of_runs

from .process import follow_process
from .run_folder import RunFolder
from .study_run import KeyT, ResultT, StudyRun
from .tool_command import TOOLS

# Lines in the log of a pre-training that show its progress.
PROGRESS = re.compile(r'(?<=INFO - )(Epoch\(train\)|kNN probe|HIRL|CsMl).*')
# torchrun prints about 40 lines after the error of a process.
_TAIL = 100


class TrainingError(RuntimeError):
    """A training of a study failed; the text says what to do next."""


def train_runs(
    runs: Sequence[StudyRun[KeyT, ResultT]],
    measure: Callable[[StudyRun[KeyT, ResultT]], ResultT],
    *,
    gpus: int = 1,
    arguments: Sequence[str] = (),
    shown: re.Pattern | None = None,
    log: Callable[[str], None] = lambda line: None,
    on_result: Callable[[Mapping[KeyT, ResultT]], object] = lambda _: None,
) -> Mapping[KeyT, ResultT]:
    """Train runs one after another, and measure each when it is finished.

    Finished runs are skipped and stopped runs are resumed, so that the same
    call continues a study. The output of a training is written to
    ``train.log`` in its folder.

    Args:
        runs: Runs to train, with distinct keys and folders.
        measure: Function that returns the result of a finished run, as a
            value that JSON can store.
        gpus: Number of processes per training; more than one are started
            with ``tools/dist_train.sh``.
        arguments: Further arguments of ``tools/train.py``, such as
            ``'--amp'``.
        shown: Pattern; its matches in the output of a training are logged.
            None to log nothing of the output.
        log: Function that is called with every line about the progress.
        on_result: Function that is called after every training with all
            results so far.

    Returns:
        Results by key, in the order of ``runs``.

    Raises:
        ValueError: If ``gpus`` is below 1, or a folder holds a run with other
            settings; this is checked before the first training.
        TrainingError: If a training fails.
    """
    if gpus < 1:
        raise ValueError(f'gpus must be at least 1, got {gpus}')
    results = {run.key: run.result() for run in runs}

    def finished() -> dict[KeyT, ResultT]:
        return {k: v for k, v in results.items() if v is not None}

    todo = [run for run in runs if results[run.key] is None]
    log(f'{len(runs)} runs, {len(runs) - len(todo)} of them finished before')
    began = time.monotonic()
    for number, run in enumerate(todo, start=1):
        log(f'[{number}/{len(todo)}] {run.folder}')
        run.note(None)
        train(run, training_command(run, gpus, arguments), shown, log)
        results[run.key] = measure(run)
        run.note(results[run.key])
        on_result(finished())
        spent = time.monotonic() - began
        left = timedelta(seconds=round(spent / number * (len(todo) - number)))
        log(f'    {len(todo) - number} runs left, eta: {left}')
    return finished()


def train(
    run: StudyRun,
    command: Sequence[str],
    shown: re.Pattern | None = None,
    log: Callable[[str], None] = lambda line: None,
) -> None:
    """Run one training to its end, see :func:`train_runs`.

    Args:
        run: Run to train; its folder must exist.
        command: Command line, see :func:`training_command`.
        shown: Pattern; its matches in the output are logged. None to log
            nothing of the output.
        log: Function that is called with every match.

    Raises:
        TrainingError: If the training fails.
    """
    log_file = run.folder / 'train.log'
    tail: deque[str] = deque(maxlen=_TAIL)
    with log_file.open('a') as file:

        def on_line(line: str) -> None:
            tail.append(line)
            file.write(line)
            file.flush()
            if shown and (found := shown.search(line)):
                log(f'    {found[0]}')

        env = os.environ | {'PYTHON': sys.executable}
        status = follow_process(command, on_line, env)
    if status:
        for line in tail:
            log(line.rstrip())
        said = [line for line in tail if line.startswith('error: ')]
        why = f' ({said[-1].removeprefix("error: ").strip()})' if said else ''
        raise TrainingError(
            f'the training in {run.folder} failed with exit status {status}'
            f'{why}, see {log_file}. Fix the cause and run the same command '
            'again to continue, or delete the folder first to start this '
            'training from the beginning'
        )


def training_command(
    run: StudyRun, gpus: int = 1, arguments: Sequence[str] = ()
) -> list[str]:
    """Return the command line that starts or resumes a run.

    Args:
        run: Run to train.
        gpus: Number of processes.
        arguments: Further arguments of ``tools/train.py``.

    Raises:
        FileNotFoundError: If the installed package has no tools.
    """
    tools = TOOLS.resolve()
    program = [sys.executable, str(tools / 'train.py'), str(run.config)]
    if gpus > 1:
        launcher = str(tools / 'dist_train.sh')
        program = ['bash', launcher, str(run.config), str(gpus)]
    if not Path(program[1]).is_file():
        raise FileNotFoundError(
            f'there is no {program[1]}: the package was installed without '
            'its tools. Reinstall it with pip from a checkout or a wheel'
        )
    words = [*program, '--work-dir', str(run.folder), *arguments]
    if RunFolder(run.folder).has_checkpoint():
        words.append('--resume')
    elif files_of_runs(run.folder):
        # The run was stopped after its first tree, before a checkpoint.
        words.append('--overwrite')
    return [*words, *(['--cfg-options', *run.options] if run.options else [])]

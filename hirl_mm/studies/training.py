"""Training the runs of a study one after another."""

import os
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from .process import follow_process
from .run_folder import RunFolder
from .study_run import StudyRun

# A link to tools/ in a checkout, copies of them in an installed package.
TOOLS = Path(__file__).parents[1] / '.mim' / 'tools'
# Lines of a pre-training's log that tell how it goes.
PROGRESS = re.compile(r'(?<=INFO - )(Epoch\(train\)|kNN probe|HIRL).*')
# What torchrun adds below the error of a process is about 40 lines.
_TAIL = 100

Results = Mapping[Hashable, object]


class TrainingError(RuntimeError):
    """A training of a study that failed; the text ends with what to do."""


def train_runs(
    runs: Sequence[StudyRun],
    measure: Callable[[StudyRun], object],
    *,
    gpus: int = 1,
    arguments: Sequence[str] = (),
    shown: re.Pattern | None = None,
    log: Callable[[str], None] = lambda line: None,
    on_result: Callable[[Results], None] = lambda results: None,
) -> Results:
    """Train runs one after another, and measure each when it is finished.

    Runs that were finished before are skipped, and runs that were stopped
    are resumed, so that the same call goes on with a study. What a training
    prints is kept in ``train.log`` in its folder.

    Args:
        runs: What to train, with distinct keys and folders.
        measure: Returns the result of a finished run, as JSON can hold it.
        gpus: Number of processes of a training; above 1 they are started by
            ``tools/dist_train.sh``.
        arguments: Further arguments of ``tools/train.py``, such as
            ``'--amp'``.
        shown: Matches in the output of a training that are logged.
        log: Called with every line about the progress.
        on_result: Called after every training with all results so far.

    Returns:
        Results by key, in the order of ``runs``.

    Raises:
        ValueError: If a folder holds a run of other settings, which is
            looked for before the first training, or ``gpus`` is below 1.
        TrainingError: If a training fails.
    """
    if gpus < 1:
        raise ValueError(f'gpus must be at least 1, got {gpus}')
    results = {run.key: run.result() for run in runs}
    todo = [run for run in runs if results[run.key] is None]
    log(f'{len(runs)} runs, {len(runs) - len(todo)} of them finished before')
    began = time.monotonic()
    for number, run in enumerate(todo, start=1):
        log(f'[{number}/{len(todo)}] {run.folder}')
        run.note(None)
        train(run, training_command(run, gpus, arguments), shown, log)
        results[run.key] = measure(run)
        run.note(results[run.key])
        on_result({k: v for k, v in results.items() if v is not None})
        spent = time.monotonic() - began
        left = timedelta(seconds=round(spent / number * (len(todo) - number)))
        log(f'    {len(todo) - number} runs left, eta: {left}')
    return results


def train(
    run: StudyRun,
    command: Sequence[str],
    shown: re.Pattern | None,
    log: Callable[[str], None],
) -> None:
    """Run the training of a run to its end, see :func:`train_runs`.

    Args:
        run: The run; its folder exists.
        command: Command line, see :func:`training_command`.
        shown: Matches in its output that are logged.
        log: Called with every match.

    Raises:
        TrainingError: If the training fails.
    """
    log_file = run.folder / 'train.log'
    tail = deque(maxlen=_TAIL)
    with log_file.open('a') as file:

        def on_line(line: str) -> None:
            tail.append(line)
            file.write(line)
            file.flush()
            if shown and (found := shown.search(line)):
                log(f'    {found[0]}')

        env = {'PYTHON': sys.executable} | os.environ
        status = follow_process(command, on_line, env)
    if status:
        raise TrainingError(
            f'{"".join(tail)}\nthe training in {run.folder} failed with exit '
            f'status {status}, see {log_file}. Fix the cause, or delete the '
            'folder to train it anew, and give the same command again'
        )


def training_command(
    run: StudyRun, gpus: int = 1, arguments: Sequence[str] = ()
) -> list[str]:
    """Return the command line that starts a run, or resumes it.

    Args:
        run: The run.
        gpus: Number of processes.
        arguments: Further arguments of ``tools/train.py``.

    Raises:
        FileNotFoundError: If the package came without its tools.
    """
    tools = TOOLS.resolve()
    program = [sys.executable, str(tools / 'train.py'), str(run.config)]
    if gpus > 1:
        launcher = str(tools / 'dist_train.sh')
        program = ['bash', launcher, str(run.config), str(gpus)]
    if not Path(program[1]).is_file():
        raise FileNotFoundError(
            f'there is no {program[1]}: the package was installed without '
            'its tools. Install it anew, by pip from a checkout or a wheel'
        )
    words = [*program, '--work-dir', str(run.folder), *arguments]
    if RunFolder(run.folder).has_checkpoint():
        words.append('--resume')
    return [*words, *(['--cfg-options', *run.options] if run.options else [])]

"""The loop over the runs of a study, with real trainings."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from hirl_mm.studies import (
    RunFolder,
    StudyRun,
    TrainingError,
    train_runs,
)
from hirl_mm.studies.training import train, training_command
from tests.runs import ROOT, small_config

pytestmark = pytest.mark.usefixtures('starts_warm')

STUDY = """
import sys
from functools import partial
from pathlib import Path
from hirl_mm.studies import PROGRESS, StudyRun, train_runs
config, folder = sys.argv[1:]
run = StudyRun('a', config, Path(folder), dict(seed=1))
log = partial(print, flush=True)
train_runs([run], lambda run: 1.0, shown=PROGRESS, log=log)
"""


@pytest.fixture(scope='module')
def config(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp('config')
    cfg = small_config(digits, folder, hirl=False, epochs=3)
    cfg.log_level = 'INFO'
    cfg.pop('work_dir')
    cfg.dump(folder / 'small.py')
    return folder / 'small.py'


def stop_after_the_first_epoch(config, folder):
    """Start a study in a process, and stop it by SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, '-c', STUDY, str(config), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | dict(PYTHONPATH=str(ROOT)),
        text=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if 'Epoch(train)' in line and '[2]' in line:
            process.send_signal(signal.SIGTERM)
            break
    lines += process.stdout.readlines()
    assert process.wait() == 1
    return lines


def test_stopped_study_goes_on(config, tmp_path):
    folder = tmp_path / 'run'
    lines = stop_after_the_first_epoch(config, folder)
    assert lines[:2] == [
        '1 runs, 0 of them finished before\n',
        f'[1/1] {folder}\n',
    ]
    assert lines[-1] == 'stopped\n'
    assert all(line.startswith('    Epoch(train)') for line in lines[2:-1])
    # The training has saved its state when it was stopped.
    name = RunFolder(folder).last_checkpoint().name
    assert re.fullmatch(r'iter_[45678]\.pth|epoch_2\.pth', name)
    other = StudyRun('b', config, tmp_path / 'other', dict(seed=2))
    run = StudyRun('a', config, folder, dict(seed=1))
    assert run.result() is None
    seen, logged = [], []

    def measure(run):
        return RunFolder(run.folder).last_value('loss')

    def study(runs):
        return train_runs(
            runs, measure, log=logged.append, on_result=seen.append
        )

    results = study([other, run])
    assert list(results) == ['b', 'a']
    assert seen == [{'b': results['b']}, results]
    assert re.search(r'1 runs left, eta: 0:0', logged[2])
    log = (folder / 'train.log').read_text()
    assert re.search(r'resumed epoch: [12], iter', log)
    assert 'resumed epoch' not in (other.folder / 'train.log').read_text()
    assert RunFolder(folder).last_checkpoint().name == 'epoch_3.pth'
    assert json.loads(run.record.read_text())['value'] == results['a']

    # Nothing is trained when all is finished.
    seen.clear(), logged.clear()
    assert study([run, other]) == results and seen == []
    assert logged == ['2 runs, 2 of them finished before']
    assert (folder / 'train.log').read_text() == log


def test_training_that_fails(config, tmp_path):
    run = StudyRun('a', config, tmp_path / 'run', {}, ('a=1',))
    logged = []
    with pytest.raises(TrainingError) as error:
        train_runs(
            [run],
            lambda run: 1.0,
            arguments=['--resume', 'gone.pth'],
            log=logged.append,
        )
    said = str(error.value)
    assert said.startswith(
        f'the training in {run.folder} failed with exit status 1 (there is no '
        f'checkpoint gone.pth), see {run.folder}/train.log. Fix the cause'
    )
    assert 'there is no checkpoint gone.pth' in logged[-1]
    assert run.result() is None


def test_all_folders_are_checked_before_the_first_training(config, tmp_path):
    first, second = (
        StudyRun(name, config, tmp_path / name, dict(options=('a', 1)))
        for name in 'ab'
    )
    second.note(1.5)
    assert second.result() == 1.5
    changed = StudyRun('b', config, second.folder, dict(options=[], new=2))
    with pytest.raises(ValueError) as error:
        train_runs([first, changed], lambda run: 1.0)
    message = str(error.value)
    assert "options was ['a', 1], now []; new was None, now 2" in message
    assert 'choose another folder' in message
    assert not first.folder.exists()


def test_folder_of_a_run_without_a_record(config, tmp_path):
    (tmp_path / 'last_checkpoint').write_text('epoch_1.pth')
    run = StudyRun('a', config, tmp_path, {})
    with pytest.raises(ValueError, match='a run of unknown settings'):
        run.result()
    for content in '[]', '{', '{"loss": 1}':
        run.record.write_text(content)
        with pytest.raises(ValueError, match='no record of a run'):
            run.result()


def test_processes_have_the_python_of_the_study(tmp_path, monkeypatch):
    """Not that of the caller's environment, such as of `make PYTHON=...`."""
    monkeypatch.setenv('PYTHON', '/nowhere/python')
    run = StudyRun('a', tmp_path / 'config.py', tmp_path, {})
    train(run, ['bash', '-c', 'echo "$PYTHON"'])
    assert (tmp_path / 'train.log').read_text() == f'{sys.executable}\n'


def test_number_of_processes(config, tmp_path):
    run = StudyRun('a', config, tmp_path, {}, ('a=1',))
    with pytest.raises(ValueError, match='at least 1, got 0'):
        train_runs([run], lambda run: 1.0, gpus=0)
    tools = str(ROOT / 'tools')
    ends = [str(config), '--work-dir', str(tmp_path), '--cfg-options', 'a=1']
    assert training_command(run) == [
        *(sys.executable, f'{tools}/train.py'),
        *ends,
    ]
    assert training_command(run, 2, ['--amp']) == [
        *('bash', f'{tools}/dist_train.sh', str(config), '2'),
        *(*ends[1:3], '--amp', *ends[3:]),
    ]

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.processes import HANGS_AFTER

pytestmark = pytest.mark.slow

ENDS_BY_ITSELF = """
import threading, time
from hirl_mm.studies.grid.worker import end_with_study
threading.Thread(target=end_with_study, daemon=True).start()
time.sleep(0.3)
"""
WAITS = ENDS_BY_ITSELF + 'time.sleep(1000)'
# As a run does whose training has several processes.
FOLLOWS = """
import sys, threading
from hirl_mm.studies.grid.worker import end_with_study
from hirl_mm.studies.process import follow_process

def tell(line):
    sys.stderr.write(line)
    threading.Thread(target=end_with_study, daemon=True).start()

code = 'import os, time; print(os.getpid(), flush=True); time.sleep(1000)'
follow_process([sys.executable, '-c', code], tell)
"""
# As a run whose training is in its last iteration, and ends as usual.
TRAINED = """
import pathlib, signal, sys, threading
from hirl_mm.studies.grid import worker
from hirl_mm.studies.grid.grid_run import GridRun

ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
worker._train = lambda run: ended.wait()
worker._figures = lambda *_: sys.exit('figures are made')
folder = pathlib.Path(sys.argv[1])
run = GridRun(('', '', 0), folder / 'config.py', folder, dict(trained=True))
threading.Thread(target=worker.end_with_study, daemon=True).start()
worker.make_run(run, keep_checkpoint=False)
"""


def start(code, *words):
    return subprocess.Popen(
        [sys.executable, '-c', code, *words],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_process_ends_while_the_study_goes_on():
    with start(ENDS_BY_ITSELF) as process:
        # Of a process, the standard input is open until it has ended.
        assert process.wait(HANGS_AFTER) == 0
        assert 'Fatal' not in process.stderr.read()


def test_a_process_ends_with_the_study():
    with start(WAITS) as process:
        process.stdin.close()
        assert process.wait(HANGS_AFTER) == -signal.SIGTERM


def test_a_run_ends_with_the_study_after_its_training(tmp_path):
    with start(TRAINED, str(tmp_path)) as process:
        process.stdin.close()
        assert process.wait(HANGS_AFTER) == 75, process.stderr.read()
    record = json.loads((tmp_path / 'study_run.json').read_text())
    assert record['value'] is None


def test_a_training_of_several_processes_ends_with_the_study():
    with start(FOLLOWS) as process:
        training = int(process.stderr.readline())
        os.kill(training, 0)
        process.stdin.close()
        assert process.wait(HANGS_AFTER) == 1
        with pytest.raises(ProcessLookupError):
            os.kill(training, 0)

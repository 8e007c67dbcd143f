"""Processes that are followed, and stopped with the one that follows."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hirl_mm.studies import follow_process
from tests.processes import HANGS_AFTER
from tests.runs import ROOT

CHILD = 'import os, time; print(os.getpid(), flush=True); time.sleep(600)'
# A process started in the background of a shell ignores SIGINT, and so would
# its children.
PARENT = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from hirl_mm.studies import follow_process
def show(line):
    print(line, end='', flush=True)
follow_process([sys.executable, '-c', {CHILD!r}], show)
"""


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform != 'linux', reason='needs Linux')
def test_without_memory_the_process_is_ended_first():
    """Also one that it starts, such as a worker that reads images."""
    score = Path('/proc/self/oom_score_adj')
    own = score.read_text()
    read = f"print(open('{score}').read())"
    inner = f'import subprocess, sys, time; time.sleep(1); {read}; '
    inner += f'subprocess.run([sys.executable, "-c", {read!r}])'
    seen = []
    follow_process([sys.executable, '-u', '-c', inner], seen.append)
    assert [line for line in seen if line.strip()] == ['1000\n', '1000\n']
    assert score.read_text() == own != '1000\n'


def test_lines_arrive_as_they_are_printed():
    seen = []
    code = (
        'import sys, time; print(1, flush=True); time.sleep(1); '
        "print('\\u00e4', file=sys.stderr); sys.exit(3)"
    )
    env = os.environ | dict(PYTHONIOENCODING='latin-1')

    def on_line(line):
        seen.append((line, time.monotonic()))

    assert follow_process([sys.executable, '-c', code], on_line, env) == 3
    (first, began), (second, ended) = seen
    # What is no UTF-8 does not stop the reader.
    assert (first, second) == ('1\n', '\ufffd\n')
    assert ended - began > 0.5


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_the_child_is_stopped_too(number):
    process = subprocess.Popen(
        [sys.executable, '-c', PARENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | dict(PYTHONPATH=str(ROOT)),
        text=True,
    )
    # Packages may print lines of their own before.
    child = next(
        int(line) for line in process.stdout if line.strip().isdigit()
    )
    assert is_running(child)
    process.send_signal(number)
    _, errors = process.communicate(timeout=HANGS_AFTER)
    assert process.returncode != 0
    assert ('stopped' if number == signal.SIGTERM else 'Keyboard') in errors
    assert not is_running(child)


def test_the_child_is_stopped_by_an_error():
    pids = []

    def on_line(line):
        pids.append(int(line))
        raise KeyError('stop')

    with pytest.raises(KeyError):
        follow_process([sys.executable, '-c', CHILD], on_line)
    assert not is_running(pids[0])


def test_handler_of_signals_is_put_back():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        follow_process([sys.executable, '-c', ''], print)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_other_threads_may_follow():
    found = []
    words = [sys.executable, '-c', 'print(2)']
    thread = threading.Thread(
        target=lambda: found.append(follow_process(words, found.append))
    )
    thread.start()
    thread.join()
    assert found == ['2\n', 0]

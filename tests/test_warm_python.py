"""The quick start of processes differs from Python's own in time alone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SHOW = """
import json, os, sys
stdin = sys.stdin.read()
print(json.dumps([sys.argv, os.getcwd(), os.environ['A'], stdin, __name__]))
print('error', file=sys.stderr)
"""
ENDS = {
    'raise SystemExit': 0,
    'import sys; sys.exit(3)': 3,
    "import sys; sys.exit('said')": 1,
    'import os; os._exit(4)': 4,
    'import os; os.kill(os.getpid(), 15)': -15,
    '1 / 0': 1,
    'import atexit; atexit.register(print, "last")': 0,
    'import threading as t; t.Timer(.1, print, ["late"]).start()': 0,
    'import os; print(os.environ.get("B"))': 0,
}


def both(warm_python, words, **options):
    """What a fresh Python does, and what the quick one does."""
    *_, fresh, _ = Path(warm_python).read_text().split()
    return [
        subprocess.run(
            [python, *words], capture_output=True, text=True, **options
        )
        for python in (fresh, warm_python)
    ]


@pytest.mark.parametrize('kind', ['file', 'code', 'module'])
def test_what_a_process_gets(kind, warm_python, tmp_path):
    (tmp_path / 'show.py').write_text(SHOW)
    words = dict(
        file=['show.py'], code=['-u', '-c', SHOW], module=['-m', 'show']
    )[kind]
    fresh, warm = both(
        warm_python,
        [*words, '--option', 'a b'],
        cwd=tmp_path,
        env=dict(os.environ, A='ä\n'),
        input='given',
    )
    assert (warm.stdout, warm.stderr) == (fresh.stdout, fresh.stderr)
    assert 'given' in warm.stdout and '"__main__"' in warm.stdout


@pytest.mark.parametrize('code', ENDS)
def test_how_a_process_ends(code, warm_python):
    fresh, warm = both(warm_python, ['-c', code])
    assert warm.returncode == fresh.returncode == ENDS[code]
    assert warm.stdout == fresh.stdout
    assert warm.stderr.splitlines()[-1:] == fresh.stderr.splitlines()[-1:]


def test_what_is_there(warm_python):
    names = 'torch', 'mmdet', 'hirl_mm'
    code = f'import sys; print(*(m for m in {names} if m in sys.modules))'
    done = subprocess.run(
        [warm_python, '-c', code], capture_output=True, text=True
    )
    assert done.stdout == 'torch mmdet\n'


def test_options_it_does_not_know(warm_python):
    _, warm = both(warm_python, ['-I', '-c', 'import sys; print(sys.flags)'])
    assert 'isolated=1' in warm.stdout


def wait_for(file):
    deadline = time.monotonic() + 60
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return file.read_text()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGKILL])
def test_a_process_ends_with_its_client(number, warm_python, tmp_path):
    code = (
        'import os, pathlib, time; '
        f'pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))'
        '; time.sleep(600)'
    )
    client = subprocess.Popen([sys.executable, '-c', code])
    pid = int(wait_for(tmp_path / 'pid'))
    assert pid != client.pid
    client.send_signal(number)
    assert client.wait() == -number
    deadline = time.monotonic() + 60
    while os.path.exists(f'/proc/{pid}') and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not os.path.exists(f'/proc/{pid}')

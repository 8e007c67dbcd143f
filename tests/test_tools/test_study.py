"""study.py as a real process: two arms, two seeds, stopped and resumed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from tests.processes import HANGS_AFTER
from tests.runs import ROOT, small_config
from tests.tool_process import run_tool

pytestmark = pytest.mark.usefixtures('starts_warm')

FILE = """
data = dict(digits=dict(root={root!r}, options={options}))
arms = dict(
    plain=dict(config='plain.py'),
    HIRL=dict(config='hirl.py'),
    random=dict(config='plain.py', trained=False),
    broken=dict(config='plain.py', options={{'model.queue_len': -1}}),
)
ks = (5, 1000)
num_labels = 40
studies = [
    dict(name='main', question='Does it run?', data=['digits'],
         arms=['plain', 'HIRL', 'random'], seeds=[0, 1],
         pairs=[('HIRL', 'plain')]),
    dict(name='failing', question='Is it told?', data=['digits'],
         arms=['broken', 'plain'], seeds=[0],
         pairs=[('broken', 'plain')]),
]
"""
OPTIONS = {'knn_gallery.indices': 200, 'knn_queries.indices': 100}


@pytest.fixture(scope='module')
def file(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp('study')
    for name, hirl in ('plain', False), ('hirl', True):
        cfg = small_config(digits, folder, hirl=hirl, epochs=2)
        for key in 'work_dir', 'experiment_name', 'launcher':
            cfg.pop(key)
        cfg.log_level = 'INFO'
        cfg.default_hooks.checkpoint.max_keep_ckpts = 1
        cfg.dump(folder / f'{name}.py')
    text = FILE.format(root=str(digits), options=OPTIONS)
    (folder / 'study.py').write_text(text)
    return folder / 'study.py'


def study(file, work_dir, *options):
    words = ('--work-dir', work_dir, *options)
    done = run_tool('study', file, *words)
    return done.returncode, done.stdout


def started(file, work_dir, *options):
    """Start the tool and return its process."""
    words = [ROOT / 'tools/study.py', file, '--work-dir', work_dir, *options]
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        env=os.environ | dict(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(condition):
    deadline = time.monotonic() + HANGS_AFTER
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def log_of(work_dir, arm, seed):
    return (work_dir / f'digits/{arm}/seed-{seed}/train.log').read_text()


@pytest.fixture(scope='module')
def story(file):
    """A study that was listed, begun, killed and finished."""
    work_dir = file.parent / 'runs'
    listed = study(file, work_dir, '--list', '--only', 'main')
    began_by_listing = list(work_dir.glob('*/*/seed-*'))

    process = started(file, work_dir, '--only', 'main', '--jobs', '1')
    folder = work_dir / 'digits/plain/seed-0'
    wait_for(lambda: (folder / 'last_checkpoint').exists())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    size = None

    def is_still():
        nonlocal size
        before, size = size, log_of(work_dir, 'plain', 0)
        time.sleep(1)
        return before == size

    wait_for(is_still)
    killed = json.loads((folder / 'run.json').read_text())
    finished = study(file, work_dir, '--only', 'main', '--jobs', '2')
    return SimpleNamespace(**locals())


def test_list_makes_no_run(story):
    status, text = story.listed
    assert status == 0
    assert text.count('waits') == 6 and 'broken' not in text
    assert '0 of 6 runs finished; no run tells yet' in text
    assert not story.began_by_listing


def test_killed_study_goes_on(file, story):
    """Its runs end with it; the next start resumes them."""
    work_dir, folder = story.work_dir, story.folder
    assert not story.killed['value']
    status, text = story.finished
    assert status == 0, text[-3000:]
    assert '6 runs, 0 of them finished before; 2 side by side' in text
    order = [ln for ln in text.splitlines() if ln.startswith('started')]
    assert order[:3] == [
        'started: digits, plain, seed 0',
        'started: digits, HIRL, seed 0',
        'started: digits, random, seed 0',
    ]
    assert re.search(r'resumed epoch: \d', log_of(work_dir, 'plain', 0))
    assert 'resumed epoch' not in log_of(work_dir, 'plain', 1)
    assert text.count('finished: ') == 6 and 'eta: 0:00' in text

    record = json.loads((folder / 'run.json').read_text())['value']
    figures = record['figures']
    assert list(figures) == [
        *('kNN k=5, class', 'NMI, class', 'purity, class'),
        *('40 labels', 'linear'),
    ]
    assert all(0 < value <= 100 for value in figures.values())
    assert record['cpu_seconds'] > 0 and record['seconds'] > 0
    for name in 'commit', 'torch', 'mmengine', 'machine', 'date':
        assert record[name]
    assert not list(folder.glob('*.pth'))
    content = json.loads((work_dir / 'study.json').read_text())
    assert len(content['differences']) == 5
    text = (work_dir / 'study.md').read_text()
    assert '## main' in text and 'Not finished' not in text
    assert (work_dir / 'study.png').stat().st_size > 1000

    status, text = study(file, work_dir, '--only', 'main')
    assert status == 0
    assert '6 of them finished before' in text and 'started' not in text


def test_results_of_another_machine(file, story, tmp_path):
    """They come through a folder that both have, and the report goes there."""
    results = tmp_path / 'results'
    main = '--only', 'main', '--results', results
    assert study(file, story.work_dir, *main)[0] == 0
    record = results / 'digits/hirl/seed-1.json'
    own = story.work_dir / 'digits/hirl/seed-1/run.json'
    assert record.read_text() == own.read_text()
    assert len(list(results.glob('*/*/seed-?.json'))) == 6

    record.unlink()
    status, text = study(file, tmp_path / 'other', *main)
    assert status == 0
    assert '6 runs, 5 of them finished before' in text
    assert text.count('started: ') == 1 and record.is_file()
    assert (results / 'study.md').is_file()
    assert not (tmp_path / 'other/study.md').exists()

    record.write_text(record.read_text().replace('"seed": 1', '"seed": 2'))
    status, text = study(file, tmp_path / 'third', *main)
    assert status == 1 and 'seed was 2, now 1' in text


def test_failing_run_stops_no_other(file, story):
    """Neither does what cannot end in time start."""
    work_dir = story.work_dir
    status, text = study(file, work_dir, '--only', 'failing', '--jobs', '1')
    assert status == 1
    assert 'FAILED: digits, broken, seed 0 with exit status 1' in text
    assert 'Not finished: broken: seeds 0 (failed).' in text
    status, text = study(file, work_dir, '--list')
    assert re.search(r'6 of 7 runs finished; \d:\d\d:\d\d left', text)
    assert 'begun' in text

    short = '--hours', 0.0001
    status, text = study(file, work_dir, '--only', 'failing', *short)
    assert status == 0
    assert 'started' not in text and '1 runs left' in text


def test_running_runs_are_stopped_in_time(file, tmp_path):
    """None has finished, so that nobody knows how long they take."""
    endless = "options={'train_cfg.max_epochs': 100000}"
    text = file.read_text()
    for end in "plain.py')", "hirl.py')", "plain.py', trained":
        text = text.replace(end, end.replace("'", f"', {endless}", 1))
    long = file.with_name('long.py')
    long.write_text(text)
    short = '--hours', 0.0005, '--only', 'main', '--jobs', 2
    status, text = study(long, tmp_path, *short)
    assert status == 0, text
    assert text.count('started: ') == text.count('stopped: ') == 2
    records = [json.loads(f.read_text()) for f in tmp_path.rglob('run.json')]
    assert all(record['value'] is None for record in records)
    assert '6 runs left: the same command goes on' in text
    assert 'Not finished: plain: seeds 0, 1; HIRL: seeds 0, 1' in text


def test_no_time(file, tmp_path):
    status, text = study(file, tmp_path, '--hours', 0)
    assert status == 1 and 'hours must be above 0, got 0' in text


def test_changed_arm_is_refused(file, story):
    text = file.read_text().replace('num_labels = 40', 'num_labels = 30')
    other = file.with_name('other.py')
    other.write_text(text)
    status, text = study(other, story.work_dir, '--list')
    assert status == 1
    assert 'num_labels was 40, now 30' in text


def test_run_that_was_stopped_while_it_was_measured(file, tmp_path):
    """Its training is complete: the last checkpoint is measured again."""
    text = file.read_text().replace("[('broken', 'plain')]", '[]')
    text = text.replace("'broken', 'plain'", "'plain'")
    kept = file.with_name('kept.py')
    kept.write_text(f'{text}keep_checkpoints = True\n')
    once = study(kept, tmp_path, '--only', 'failing')
    assert once[0] == 0, once[1][-3000:]
    folder = tmp_path / 'digits/plain/seed-0'
    assert (folder / 'epoch_2.pth').exists()
    record = json.loads((folder / 'run.json').read_text())
    first, record['value'] = record['value'], None
    (folder / 'run.json').write_text(json.dumps(record))
    again = study(kept, tmp_path, '--only', 'failing')
    assert again[0] == 0 and 'finished: ' in again[1], again[1][-3000:]
    second = json.loads((folder / 'run.json').read_text())['value']
    assert second['figures'] == first['figures']
    assert second['cpu_seconds'] > first['cpu_seconds']
    assert 'resumed epoch: 2' in log_of(tmp_path, 'plain', 0)

"""throughput.py as a real process, with one small step of everything."""

import json
import subprocess
import sys

import pytest

from tests.processes import HANGS_AFTER
from tests.runs import ROOT

PEERS = ['mocov2', 'simsiam', 'swav', 'mocov3', 'beit']
DISTILLED = ['dino', 'ibot']


def throughput(*args):
    return subprocess.run(
        [sys.executable, ROOT / 'benchmarks/throughput.py', *map(str, args)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
    """What was printed, and the JSON."""
    out = tmp_path_factory.mktemp('throughput') / 'result.json'
    done = throughput(
        *('--rounds', 1, '--steps', 1, '--warmup', 0, '--batch-size', 2),
        *('--num-prototypes', 12, 4, 2, '--out', out),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(out.read_text())


def test_every_method_has_its_arms(finished):
    _, report = finished
    assert list(report['methods']) == PEERS + DISTILLED
    for name, method in report['methods'].items():
        arms = ['plain', 'hirl_no_tree', 'hirl_tree']
        assert list(method['arms']) == ['mmpretrain'] * (name in PEERS) + arms
        assert ('plain/mmpretrain' in method['ratios']) == (name in PEERS)
        assert method['batch_size'] == 2
        assert method['tap']['median'] > 0
        for arm in method['arms'].values():
            assert len(arm['rounds']) == 1
            assert arm['seconds_per_step']['median'] == arm['rounds'][0] > 0
            rate = 2 / arm['rounds'][0]
            assert arm['images_per_second'] == pytest.approx(rate)
            assert arm['memory_bytes'] > 10**6
        memory = [method['arms'][arm]['memory_bytes'] for arm in arms]
        assert memory == sorted(memory)
    # Of these the plain arm is other code than mmpretrain's.
    same = {k: v['same_class'] for k, v in report['methods'].items()}
    assert [k for k in PEERS if not same[k]] == ['swav']


def test_steps_of_dino_and_ibot_are_taken_apart(finished):
    _, report = finished
    for name, method in report['methods'].items():
        assert ('parts' in method) == (name in DISTILLED)
        for part, seconds in method.get('parts', {}).items():
            assert seconds['median'] > 0, part


def test_report_says_what_it_was_measured_on(finished):
    _, report = finished
    machine = report['machine']
    assert set(machine) > {'commit', 'date', 'torch', 'mmpretrain', 'cpu'}
    assert machine['num_threads'] == 1
    assert report['options']['seed'] == 0


def test_tables_are_markdown(finished):
    printed, report = finished
    rows = [line for line in printed.splitlines() if line.startswith('|')]
    names = [row.split('|')[1].strip() for row in rows]
    titles = [method['title'] for method in report['methods'].values()]
    assert names[: len(titles) + 2][2:] == titles
    assert names[len(titles) + 2] == 'part of a plain step'
    assert {'backward', 'teacher update', 'sum'} < set(names)
    columns = {row.count('|') for row in rows}
    assert len(columns) == 2
    assert printed.count('not in mmpretrain') == len(DISTILLED)


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['--methods', 'mae'], "invalid choice: 'mae'"),
        (['--rounds', 0], '--rounds must be at least 1'),
    ],
)
def test_plain_errors(args, message):
    done = throughput(*args)
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]

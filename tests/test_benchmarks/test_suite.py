"""The suite of benchmarks as a real process."""

import ast
import json
import re
import subprocess
import sys

import pytest

from benchmarks import run as suite
from tests.processes import HANGS_AFTER
from tests.runs import ROOT


@pytest.fixture
def fake_benchmarks(tmp_path, monkeypatch):
    """Two benchmarks in the place of real ones, of which one fails."""
    room = tmp_path / 'benchmarks/clustering'
    room.mkdir(parents=True)
    for folder in (room.parent, room):
        (folder / '__init__.py').touch()
    (room / 'kmeans_cpu.py').write_text('raise SystemExit(3)')
    (room / 'fidelity.py').write_text('import sys; print(sys.argv[1:])')
    monkeypatch.setattr(suite, 'ROOT', tmp_path)
    names = ['--only', 'kmeans_cpu', 'fidelity']
    arguments = ['run.py', *names, '--out', str(tmp_path / 'out')]
    monkeypatch.setattr(sys, 'argv', arguments)
    return tmp_path / 'out'


def test_a_failure_is_told_and_the_rest_still_runs(fake_benchmarks, capsys):
    with pytest.raises(SystemExit, match='^failed: kmeans_cpu$'):
        suite.main()
    printed = capsys.readouterr().out
    assert '[1/2] kmeans_cpu\n    failed after' in printed
    assert '[2/2] fidelity (about ' in printed
    tables = (fake_benchmarks / 'results.md').read_text()
    assert 'failed with exit status 3, see kmeans_cpu.log' in tables
    assert "out/fidelity.json']" in tables


@pytest.mark.parametrize('start', [['-m', 'benchmarks.run'], ['run.py']])
def test_the_suite_runs_from_its_root_and_its_folder(
    start, warm_python, tmp_path
):
    folder = ROOT if '-m' in start else ROOT / 'benchmarks'
    options = ['--quick', '--only', 'path_loss', '--out', tmp_path]
    done = subprocess.run(
        [warm_python, *start, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / 'path_loss.json').read_text())
    tables = (tmp_path / 'results.md').read_text()
    assert report['machine']['commit'][:7] in tables
    assert '| 4, 5, 8, 12/4/2 ' in tables


def test_every_benchmark_of_the_suite_is_there():
    for name, room in suite.ROOMS.items():
        assert (ROOT / 'benchmarks' / room / f'{name}.py').is_file()


def private_names(tree):
    """Names with one underscore that are not of the object or file itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute):
            own = getattr(node.value, 'id', '') in ('self', 'cls')
            found = [] if own else [node.attr]
        elif isinstance(node, ast.Call):
            # setattr(module, '_name', ...), patch.object(module, '_name')
            values = [getattr(arg, 'value', None) for arg in node.args]
            found = [v for v in values if isinstance(v, str) and v]
        else:
            continue
        yield from (n for n in found if re.match('_[a-z]', n))


def test_benchmarks_use_no_private_name():
    for file in (ROOT / 'benchmarks').rglob('*.py'):
        assert not list(private_names(ast.parse(file.read_text()))), file
    bad = "from a import _b; c._d(); setattr(e, '_f', 0); patch(g, '_h')"
    found = set(private_names(ast.parse(bad)))
    assert found == {'_b', '_d', '_f', '_h'}

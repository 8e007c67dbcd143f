import json

import pytest

from tests.tool_process import run_module


@pytest.fixture
def run_benchmark(tmp_path, monkeypatch):
    """Runs a module with ``--quick`` as users do; gives tables and JSON."""

    def run(module, *args):
        out = tmp_path / 'result.json'
        monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '')
        done = run_module(
            *(f'benchmarks.{module}', '--quick', '--out', out, *args)
        )
        assert done.returncode == 0, done.stdout[-3000:]
        report = json.loads(out.read_text())
        assert {'commit', 'date', 'torch', 'cpu'} < set(report['machine'])
        return done.stdout, report

    return run

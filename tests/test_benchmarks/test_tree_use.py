"""The benchmark of using a tree, at tiny sizes."""

import json

from tests.tool_process import run_module


def test_all_steps_are_measured(tmp_path):
    out = tmp_path / 'use.json'
    options = '--quick', '--clock', 'process', '--out', out
    done = run_module('benchmarks.features.tree_use', *options)
    assert done.returncode == 0, done.stdout
    found = json.loads(out.read_text())
    steps = 'leaves', 'records', 'outliers', 'duplicates', 'draw', 'a query'
    for name in steps:
        assert found[name]['images'] == 400 and found[name]['seconds'] > 0
    assert found['decoding']['images'] == 20
    assert '| decoding ' in done.stdout

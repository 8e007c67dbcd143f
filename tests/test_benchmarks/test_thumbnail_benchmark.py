"""The benchmark of thumbnails, at a tiny size."""

import json

from tests.tool_process import run_module


def test_both_ways_are_measured(tmp_path):
    out = tmp_path / 'thumbnails.json'
    options = '--quick', '--clock', 'process', '--out', out
    done = run_module('benchmarks.pages.thumbnails', *options)
    assert done.returncode == 0, done.stdout
    found = json.loads(out.read_text())
    assert found['all pixels'] > found['as large as needed'] > 0
    assert 'min on 16' in done.stdout

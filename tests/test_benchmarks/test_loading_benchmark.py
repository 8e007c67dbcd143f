"""The benchmark of starts and of reading, at tiny sizes."""

import json

from tests.tool_process import run_module

OPTIONS = '--quick --num-files 50 --num-classes 4 --num-images 6'


def test_starts_and_reading(tmp_path):
    out = tmp_path / 'loading.json'
    options = *OPTIONS.split(), '--folder', tmp_path, '--out', out
    done = run_module('benchmarks.data.loading', *options)
    assert done.returncode == 0, done.stdout
    found = json.loads(out.read_text())
    assert [row['num_files'] for row in found['start']] == [50] * 3
    stock, first, again = (row['bytes'] for row in found['start'])
    assert stock > first == again > 0
    assert list(found['reading']) == [
        *('files, bytes', 'files, decoded'),
        *('shards, bytes', 'shards, decoded'),
    ]
    for one in found['reading'].values():
        assert one['seconds']['median'] > 0
        assert one['mean_bytes'] > 50_000
    assert '| hirl_mm.FolderImages, again |' in done.stdout
    assert list(tmp_path.iterdir()) == [out]

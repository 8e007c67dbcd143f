"""The benchmark of the neighbour search, at tiny sizes."""

import json

from benchmarks.clustering.features import mixture
from benchmarks.features.neighbor_search import differing, searches
from tests.tool_process import run_module


def test_all_arms_are_measured(tmp_path):
    out = tmp_path / 'search.json'
    options = '--quick', '--clock', 'process', '--out', out
    done = run_module('benchmarks.features.neighbor_search', *options)
    assert done.returncode == 0, done.stdout
    (found,) = json.loads(out.read_text())['sizes']
    assert list(found['arms']) == [
        'product',
        'hirl_mm',
        'faiss',
        'scikit-learn',
    ]
    for arm in found['arms'].values():
        assert arm['seconds']['median'] > 0
    assert found['arms']['hirl_mm']['differing'] == 0
    assert found['bytes'] > 0
    assert '| 300, 32, 10 |' in done.stdout


def test_peers_find_the_same_neighbours():
    arms = searches(mixture(200, 16), 5)
    ours = arms['hirl_mm']()
    for name in ('faiss', 'scikit-learn'):
        assert arms[name]().shape == (200, 5)
        assert differing(ours, arms[name]()) < 0.01
    other = ours.clone()
    other[3] = -1
    assert differing(ours, other) == 5 / 1000

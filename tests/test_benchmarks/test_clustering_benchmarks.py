"""Every benchmark of clustering as a real process, at tiny sizes."""

import sys

import numpy as np
import pytest
import torch

from benchmarks.clustering import (
    fidelity,
    kmeans_cpu,
    kmeans_gpu,
    kmeans_processes,
)
from benchmarks.clustering.cpu_peers import ARMS


def test_kmeans_cpu_reaches_one_objective_in_all_arms(run_benchmark):
    (size,) = run_benchmark('clustering.kmeans_cpu')[1]['sizes']
    assert size['missing'] == []
    assert set(size['arms']) == set(ARMS)
    for name, arm in size['arms'].items():
        tolerance = 0.05 if 'Super' in name else 1e-4
        assert arm['objective_ratio'] == pytest.approx(1, rel=tolerance)
        assert arm['objective'] < size['first_objective']
        assert arm['rounds'][0] > 0


def test_hierarchical_kmeans_has_objectives_and_parts(run_benchmark):
    report = run_benchmark('clustering.hierarchical_kmeans')[1]
    modes = ['faithful', 'fast', 'warm']
    assert list(report['modes']) == [*modes, 'released order']
    assert list(report['parts']) == modes
    for mode in report['modes'].values():
        assert mode['objective_ratio'] == pytest.approx([1, 1, 1], rel=0.2)
    for parts in report['parts'].values():
        shares = {
            name: part['share']['median'] for name, part in parts.items()
        }
        assert sum(shares.values()) == pytest.approx(1)
        assert shares.pop('empty clusters') >= 0
        assert min(shares.values()) > 0
    assert set(report['time']) == {'N', 'K', 'D'}
    assert len(report['memory']['sizes']) == 9


def test_processes_exchange_sums_counts_and_one_number(run_benchmark):
    report = run_benchmark('clustering.kmeans_processes')[1]
    clusters, dim = 12, 8
    expected = 4 * clusters * dim + 4 * clusters + 8
    assert report['bytes_per_iteration'] == [expected, expected]
    assert report['bytes_expected'] == expected
    assert report['labels']['of'] == 400
    assert report['labels']['widest_gap'] < 1e-5
    assert report['labels']['objective_ratio'] == pytest.approx(1, abs=1e-6)


def test_fidelity_compares_with_two_faithful_trees(run_benchmark):
    found = run_benchmark('clustering.fidelity')[1]['features']
    assert list(found) == ['synthetic', 'digits']
    for result in found.values():
        options = result['options']
        assert len(options) == 7
        for pair in options['faithful']['same_seed']:
            assert pair['objective'] == pair['ari'] == [1, 1, 1]
        for option in options.values():
            assert len(option['same_seed']) == len(option['other_seed']) == 2
            for pair in option['other_seed']:
                assert max(pair['ari']) < 1
            assert np.shape(option['empty']) == (2, 3)


def test_kmeans_gpu_on_a_cpu(run_benchmark):
    printed, report = run_benchmark(
        'clustering.kmeans_gpu', '--device', 'cpu', '--rounds', 2
    )
    assert report['status'] == 'run'
    results = report['results']
    cells = results['assignment']
    assert [c['precision'] for c in cells] == ['fp32', 'tf32', 'bf16']
    for cell in cells:
        assert set(cell['arms']) == {'gemm', 'torch'}
        assert 'no GPU' in cell['missing']['triton']
        arm, gemm = cell['arms']['torch'], cell['arms']['gemm']
        flop = 2 * 600 * 20 * 16
        seconds = arm['seconds']['median']
        assert arm['tflops'] == pytest.approx(1e-12 * flop / seconds)
        pairs = zip(gemm['rounds'], arm['rounds'], strict=True)
        shares = [theirs / ours for theirs, ours in pairs]
        assert arm['of_gemm']['median'] == pytest.approx(sum(shares) / 2)
    assert cells[0]['arms']['torch']['labels_of_fp32'] == 1
    (cell,) = results['update']
    assert set(cell['arms']) == {'cluster_sums', 'segments', 'atomics'}
    found = results['parts']
    rounds = {name: part['rounds'] for name, part in found['parts'].items()}
    assert set(rounds) >= {'2 iterations', 'assignment', 'sums', 'draw'}
    pairs = zip(rounds['assignment'], rounds['2 iterations'], strict=True)
    shares = [1 - 3 * assignment / whole for assignment, whole in pairs]
    assert found['bookkeeping']['median'] == pytest.approx(sum(shares) / 2)
    # From the same rows, with and without trips between host and device.
    ratios = results['tree']['objective_ratios']
    assert ratios['faithful/released'] == pytest.approx([1, 1, 1], rel=1e-5)
    assert '| released ' in printed and 'missing: no Triton' in printed


def test_low_precision_leaves_little_to_float32(run_benchmark):
    printed, report = run_benchmark('clustering.searched_share')
    found = {
        (r['features'], r['centroids'], r['precision']): r
        for r in report['shares']
    }
    assert len(found) == 3 * 2 * 3 and printed.count('| fp16 ') == 6
    for (features, stage, _), row in found.items():
        bf16 = found[features, stage, 'bf16']
        assert 0 <= row['unsettled'] <= bf16['unsettled'] < 0.5
        # Of one group: 40 centroids are fewer than 128.
        assert row['groups_per_row'] == 1
        assert row['searched'] == 128 / 40
    assert found['digits', 'first', 'bf16']['unsettled'] > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_kmeans_gpu_without_a_gpu_says_so(tmp_path, monkeypatch, capsys):
    out = tmp_path / 'result.json'
    monkeypatch.setattr(sys, 'argv', ['kmeans_gpu', '--out', str(out)])
    kmeans_gpu.main()
    assert capsys.readouterr().out.startswith(kmeans_gpu.NOT_RUN)
    assert f'"status": "{kmeans_gpu.NOT_RUN}"' in out.read_text()


@pytest.mark.parametrize(
    ('module', 'args', 'message'),
    [
        (kmeans_cpu, '--clock process --threads 1 2', 'one thread alone'),
        (kmeans_gpu, '--tree-rounds 0', '--tree-rounds must be at least 1'),
        (kmeans_processes, '--world-size 1', 'must be at least 2'),
        (fidelity, '--seeds 1', '--seeds must be at least 2'),
    ],
)
def test_plain_errors(module, args, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['benchmark', *args.split()])
    with pytest.raises(SystemExit, match='2'):
        module.parse_args()
    assert message in capsys.readouterr().err

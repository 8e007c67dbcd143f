"""The benchmark of a training step, with one small step of everything."""

import pytest

PEERS = ['mocov2', 'simsiam', 'swav', 'mocov3', 'beit']
DISTILLED = ['dino', 'ibot']


def test_every_method_has_its_arms(run_benchmark):
    printed, report = run_benchmark('step.throughput')
    assert list(report['methods']) == PEERS + DISTILLED
    for name, method in report['methods'].items():
        arms = ['plain', 'hirl_no_tree', 'hirl_tree']
        assert list(method['arms']) == ['mmpretrain'] * (name in PEERS) + arms
        assert ('plain/mmpretrain' in method['ratios']) == (name in PEERS)
        for arm in method['arms'].values():
            assert arm['seconds_per_step']['median'] == arm['rounds'][0]
            rate = 2 / arm['rounds'][0]
            assert arm['images_per_second'] == pytest.approx(rate)
        memory = [method['arms'][arm]['memory_bytes'] for arm in arms]
        assert memory == sorted(memory) and memory[0] > 10**6
        tap, step = method['tap'], method['arms']['hirl_no_tree']
        assert 0 < tap['median'] < step['rounds'][0]
        assert ('parts' in method) == (name in DISTILLED)
        for part, seconds in method.get('parts', {}).items():
            assert seconds['median'] > 0, part
    # Of these the plain arm is other code than mmpretrain's.
    same = {k: v['same_class'] for k, v in report['methods'].items()}
    assert [k for k in PEERS if not same[k]] == ['swav']
    assert printed.count('not in mmpretrain') == len(DISTILLED)


def assert_pairs(printed, report, peers):
    """Ratios of the arms to their peers, as their figures have them."""
    arms = report['arms']
    assert report['pairs'].keys() == peers.keys()
    for name, peer in peers.items():
        pair = report['pairs'][name]
        assert pair['peer'] == peer
        ours, theirs = arms[name], arms[peer]
        assert pair['time']['median'] == pytest.approx(
            ours['rounds'][0] / theirs['rounds'][0]
        )
        assert pair['memory'] == pytest.approx(
            ours['memory_bytes'] / theirs['memory_bytes']
        )
        flops = ours['flops'] / theirs['flops']
        assert pair['flops'] == pytest.approx(flops)
        assert f'of {peer}' in printed


def test_hccl_beside_what_it_extends(run_benchmark):
    printed, report = run_benchmark('step.cross_levels')
    arms = report['arms']
    assert list(arms) == ['SimSiam', 'HCCL', 'BYOL', 'HCCL, momentum']
    peers = {'HCCL': 'SimSiam', 'HCCL, momentum': 'BYOL'}
    assert_pairs(printed, report, peers)
    # a second network
    for one in ('SimSiam', 'HCCL'):
        for two in ('BYOL', 'HCCL, momentum'):
            assert arms[one]['memory_bytes'] < arms[two]['memory_bytes']


def test_csml_beside_moco(run_benchmark):
    printed, report = run_benchmark('step.cross_samples')
    arms = ['MoCo v2', 'CsMl, positives', 'CsMl, CutMix', 'CsMl']
    assert list(report['arms']) == arms
    peers = dict.fromkeys(arms[1:3], 'MoCo v2') | {'CsMl': 'CsMl, CutMix'}
    assert_pairs(printed, report, peers)


def test_pyramid_beside_one_view(run_benchmark):
    printed, report = run_benchmark('step.pyramid')
    assert list(report['arms']) == ['one view', 'SS-PRL']
    assert_pairs(printed, report, {'SS-PRL': 'one view'})
    pair = report['pairs']['SS-PRL']
    # 2 views of 224, 24 of 96 and 8 of 112 pixels are about 8.4 of 224.
    assert 8 < pair['flops'] < 9
    expected = pair['time']['median'] / pair['flops']
    assert report['time_per_flop'] == pytest.approx(expected)
    assert report['assignment_share']['median'] > 0

"""Features are extracted once, and never taken for others."""

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import DATASETS

from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    feature_source,
)
from hirl_mm.engine.features.dataset_features import dataset_features
from hirl_mm.engine.features.feature_pass import FeaturePassError
from hirl_mm.features.store import FeatureStoreError, write_shard
from tests.processes import run_processes
from tests.runs import small_config
from tests.samples import samples


@pytest.fixture
def cfg(digits, tmp_path):
    cfg = small_config(digits, tmp_path, hirl=False)
    cfg.knn_gallery.update(data_root=str(digits), indices=40)
    return cfg


def save(cfg, path, seed=0):
    """A checkpoint with random weights, batch statistics among them."""
    cfg.randomness.seed = seed
    model = load_pretrained(cfg, None)
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.backbone.named_buffers():
        if name.endswith('running_var'):
            value.mul_(0.5 + torch.rand(value.shape, generator=generator))
    torch.save(dict(state_dict=model.state_dict()), path)
    return str(path)


def fill(cfg, checkpoint, folder, name='train', prefix=None, **options):
    """Features of a data set, and how often a model was asked for."""
    asked = []

    def model():
        asked.append(1)
        return load_pretrained(cfg, checkpoint, prefix)

    source = feature_source(cfg, checkpoint, prefix)
    cache = FeatureCache(folder, source, num_workers=0, **options)
    dataset = DATASETS.build(cfg.knn_gallery)
    pipeline = cfg.knn_gallery.pipeline
    return cache.features(model, dataset, name, pipeline), len(asked)


def test_second_time_needs_no_model(cfg, tmp_path):
    checkpoint = save(cfg, tmp_path / 'a.pth')
    features, asked = fill(cfg, checkpoint, tmp_path, batch_size=16)
    assert (features.shape, asked) == ((40, 64), 1)
    expected, _, _ = dataset_features(
        load_pretrained(cfg, checkpoint), cfg.knn_gallery, 'all', 40, 0
    )
    torch.testing.assert_close(features, expected)
    again, asked = fill(cfg, checkpoint, tmp_path)
    assert asked == 0
    torch.testing.assert_close(again, features)


def test_another_network_of_the_file(cfg, tmp_path):
    checkpoint = save(cfg, tmp_path / 'a.pth')
    state = torch.load(checkpoint)
    for key in list(state['state_dict']):
        if key.startswith('backbone.'):
            value = state['state_dict'][key]
            state['state_dict'][f'other.{key}'] = value * 1.1
    torch.save(state, checkpoint)
    features, _ = fill(cfg, checkpoint, tmp_path)
    with pytest.raises(FeatureStoreError, match='another network of the'):
        fill(cfg, checkpoint, tmp_path, prefix='other.backbone.')
    other, _ = fill(cfg, checkpoint, tmp_path / 'b', prefix='other.backbone.')
    assert not torch.allclose(features, other)


def fill_in_process(rank, cfg, checkpoint, folder):
    fill(cfg, checkpoint, folder, batch_size=8)


def test_two_processes_share_the_work(cfg, tmp_path):
    checkpoint = save(cfg, tmp_path / 'a.pth')
    run_processes(fill_in_process, 2, cfg, checkpoint, tmp_path / 'two')
    two, asked = fill(cfg, checkpoint, tmp_path / 'two')
    assert asked == 0
    one, _ = fill(cfg, checkpoint, tmp_path / 'one')
    torch.testing.assert_close(two, one, rtol=1e-5, atol=1e-6)


def test_rest_of_a_stopped_pass_does_not_get_in(cfg, tmp_path):
    """One of more processes, stopped before another had written."""
    features, _ = fill(cfg, None, tmp_path / 'whole')
    shards = tmp_path / 'stopped/train/shards'
    write_shard(
        lambda batch: torch.zeros(40, 64),
        [dict(data_samples=samples(range(40)))],
        shards.parent,
    )
    for path in shards.iterdir():
        path.rename(path.with_stem('rank_0001'))
    again, asked = fill(cfg, None, tmp_path / 'stopped')
    assert asked == 1
    torch.testing.assert_close(again, features)


def changed(cfg, what):
    cfg = Config(cfg.to_dict())
    if what == 'network':
        cfg.data_preprocessor.mean = [100, 100, 100]
    elif what == 'pipeline':
        resize = dict(type='Resize', scale=24)
        cfg.knn_gallery.pipeline.insert(1, resize)
    elif what == 'data':
        cfg.knn_gallery.indices = list(range(100, 140))
    elif what == 'num_samples':
        cfg.knn_gallery.indices = 30
    return cfg


@pytest.mark.parametrize(
    'what',
    ['checkpoint', 'network', 'pipeline', 'data', 'num_samples', 'half'],
)
def test_features_of_something_else_are_refused(what, cfg, tmp_path):
    checkpoint = save(cfg, tmp_path / 'a.pth')
    features, _ = fill(cfg, checkpoint, tmp_path)
    before = features.clone()
    if what == 'checkpoint':
        checkpoint = save(cfg, tmp_path / 'b.pth', seed=1)
    other = changed(cfg, what)
    half = what == 'half'
    with pytest.raises(FeatureStoreError, match=rf'{what}: .*--refresh'):
        fill(other, checkpoint, tmp_path, half=half)
    new, asked = fill(other, checkpoint, tmp_path, half=half, refresh=True)
    assert asked == 1
    same = torch.equal(new[:30].float(), before[:30])
    assert same == (what == 'num_samples')


def refused_in_process(rank, cfg, folder):
    with pytest.raises(FeatureStoreError, match='another checkpoint'):
        fill(cfg, None, folder)


def test_all_processes_refuse(cfg, tmp_path):
    fill(cfg, save(cfg, tmp_path / 'a.pth'), tmp_path)
    run_processes(refused_in_process, 2, cfg, tmp_path)


def test_broken_weights_are_named(cfg, tmp_path):
    checkpoint = save(cfg, tmp_path / 'a.pth')
    state = torch.load(checkpoint)
    state['state_dict']['backbone.conv1.weight'][:] = float('nan')
    torch.save(state, checkpoint)
    with pytest.raises(FeaturePassError, match='train: features .* 40 of 40'):
        fill(cfg, checkpoint, tmp_path)


def test_random_weights_are_those_of_the_seed(cfg, tmp_path):
    cfg.randomness.seed = 3
    first, _ = fill(cfg, None, tmp_path / 'a')
    second, _ = fill(cfg, None, tmp_path / 'b')
    assert torch.equal(first, second)
    cfg.randomness.seed = 4
    with pytest.raises(FeatureStoreError, match='random, seed 3'):
        fill(cfg, None, tmp_path / 'a')


def test_damaged_store(cfg, tmp_path):
    """A flipped bit is no other feature."""
    features, _ = fill(cfg, None, tmp_path)
    expected = features.clone()
    file = tmp_path / 'train/features.npy'
    content = bytearray(file.read_bytes())
    content[-3] ^= 4
    file.write_bytes(content)
    with pytest.raises(FeatureStoreError) as error:
        fill(cfg, None, tmp_path)
    assert str(error.value) == (
        f'{file} is missing or damaged: it has another checksum than when it '
        'was written. Extract the features again with --refresh'
    )
    again, asked = fill(cfg, None, tmp_path, refresh=True)
    assert asked == 1
    torch.testing.assert_close(again, expected)

"""Every arm through tools/train.py: both stages, learning, resuming."""

import json
import math

import pytest
import torch
from mmengine.config import Config

from hirl_mm.datasets.toy import write_digit_scenes
from tests.runs import ROOT
from tests.tool_process import launch_tool
from tests.training_tool import train

CONFIGS = sorted((ROOT / 'configs/debug').glob('*.py'))
METHODS = {
    *('mocov2', 'simsiam', 'swav', 'mocov3', 'dino', 'ibot', 'beit'),
    *('hccl', 'csml', 'ssprl'),
}
# Without an arm under HIRL, or without a plain one.
VARIANTS = {
    *('hccl-momentum', 'csml-byol'),
    *('hirl-csml-tree', 'hirl-mocov2-balanced', 'hirl-ssprl-patches'),
}
STEPS = 12  # per epoch


def test_every_method_has_both_arms():
    names = {path.stem.split('_')[0] for path in CONFIGS}
    hirl = {f'hirl-{method}' for method in METHODS}
    assert names == METHODS | VARIANTS | hirl


@pytest.fixture(scope='module')
def data(digits, tmp_path_factory):
    """Folders of the data sets, by the names that the configs end with."""
    scenes = tmp_path_factory.mktemp('data') / 'scenes'
    return {
        'digits': digits,
        'digit-scenes': write_digit_scenes(scenes, num_test=1),
    }


def spread(num):
    """Indices of some of the 1500 digits, of all classes."""
    return [i * 1500 // num for i in range(num)]


def narrow_resnet(model):
    """Halve the width of a ResNet, which takes most of the time."""
    if model.backbone.type == 'ResNet':
        model.backbone.update(base_channels=16, stem_channels=16)
        neck = model.neck.get('projection', model.neck)
        neck.in_channels //= 2


def on_data(path, data, folder):
    """The debug config, narrower, on fewer images, with a line per step."""
    cfg = Config.fromfile(path)
    if not ('csml' in path.stem and 'mcrop' in path.stem):
        # That one learns too slowly then.
        narrow_resnet(cfg.model)
    kind = path.stem.split('_')[-1]
    images = cfg.train_dataloader.dataset
    if 'queue_len' in cfg.model:
        # While it fills, the loss rises.
        cfg.model.queue_len = 256
    if 'moco' not in path.stem:
        # Half as many images in as many steps. MoCo's losses would not fall
        # far enough to be told from chance.
        cfg.train_dataloader.batch_size //= 2
    # CsMl's batches hold a positive for every anchor.
    images_per_anchor = 2 if 'csml' in path.stem else 1
    num_images = STEPS * cfg.train_dataloader.batch_size // images_per_anchor
    chosen = spread(num_images) if kind == 'digits' else num_images
    images.update(data_root=str(data[kind]), indices=chosen)
    if 'knn_probe' in cfg.default_hooks:
        probe = cfg.default_hooks.knn_probe
        probe.gallery.update(data_root=str(data[kind]), indices=spread(60))
        few = list(range(0, 297, 10))
        probe.queries.update(data_root=str(data[kind]), indices=few)
    cfg.default_hooks.logger.interval = 1
    cfg.log_processor = dict(window_size=1)
    cfg.dump(folder / path.name)
    return folder / path.name


def own_losses(work_dir):
    """The method's own loss of every step.

    Without the entropy of the targets of a teacher, which moves: that is no
    merit of the student, and the loss cannot be lower.
    """
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    lines = map(json.loads, log.read_text().splitlines())
    others = ('loss_spd', 'teacher_entropy', 'patch_entropy')
    return [
        line['loss'] - sum(line.get(key, 0) for key in others)
        for line in lines
        if 'loss' in line
    ]


def tokenizer_of(checkpoint):
    """The weights of BEiT's frozen tokenizer; of other methods empty."""
    return {
        key: value
        for key, value in checkpoint['state_dict'].items()
        if key.startswith('target_generator.')
    }


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_trains_learns_and_resumes(path, data, tmp_path):
    config = on_data(path, data, tmp_path)
    work_dir = tmp_path / 'run'
    log = train(config, work_dir)
    losses = own_losses(work_dir)
    assert len(losses) == 4 * STEPS
    # MoCo's loss is low as long as no image is told from another.
    begin = STEPS if 'queue_len' in Config.fromfile(path).model else 0
    first, last = losses[begin : begin + STEPS], losses[-STEPS:]
    assert sum(last) < sum(first)
    hirl = path.stem.startswith('hirl-')
    assert ('HIRL tree of epoch 3' in log) == hirl
    checkpoint = torch.load(work_dir / 'epoch_4.pth', weights_only=False)
    tokenizer = tokenizer_of(checkpoint)
    assert bool(tokenizer) == ('beit' in path.stem)

    options = 'train_cfg.max_epochs=5', 'randomness.seed=1'
    log = train(config, work_dir, '--resume', '--cfg-options', *options)
    assert 'resumed epoch: 4' in log
    checkpoint = torch.load(work_dir / 'epoch_5.pth', weights_only=False)
    assert checkpoint['meta']['iter'] == 5 * STEPS
    assert ('prototype_tree' in checkpoint) == hirl
    for key, value in tokenizer_of(checkpoint).items():
        assert torch.equal(value, tokenizer[key])


@pytest.mark.parametrize(
    'name', ['swav', 'ssprl', 'dino', 'ibot', 'hirl-ibot']
)
def test_two_processes(name, data, tmp_path):
    """Of plain arms no parameter goes unused, which DDP would not forgive."""
    (path,) = (p for p in CONFIGS if p.stem.split('_')[0] == name)
    options = (
        'train_cfg.max_epochs=1',
        'train_dataloader.batch_size=16',
        'train_dataloader.dataset.indices=256',
    )
    if name.startswith('hirl-'):
        options += ('default_hooks.kmeans.start_epoch=0',)
    run = launch_tool(
        *(2, 'train', on_data(path, data, tmp_path)),
        *('--work-dir', tmp_path / 'run', '--cfg-options', *options),
    )
    assert run.returncode == 0, run.stdout[-3000:]
    losses = own_losses(tmp_path / 'run')
    assert len(losses) == 8 and all(map(math.isfinite, losses))
    config = Config.fromfile(path)
    hirl = name.startswith('hirl-')
    assert config.get('find_unused_parameters', False) == hirl

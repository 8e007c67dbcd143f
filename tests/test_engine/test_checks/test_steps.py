"""Trainings that cannot run are refused before their first iteration."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS
from mmengine.runner import Runner
from torch.utils.data import Dataset

from hirl_mm.engine.checks.errors import StartError
from hirl_mm.engine.checks.loaders import check_loaders
from hirl_mm.engine.checks.steps import check_steps
from tests.runs import ROOT, settle
from tests.tiny_runs import tiny_config, tiny_run

CONSTANT = dict(param_scheduler=[dict(type='ConstantLR', by_epoch=True)])


@DATASETS.register_module()
class Views(Dataset):
    """Images of noise, as a pipeline with MultiView gives them."""

    def __init__(self, num, num_views=2):
        self.num, self.num_views = num, num_views

    def __len__(self):
        return self.num

    def __getitem__(self, index):
        views = torch.rand(self.num_views, 3, 32, 32).unbind()
        return dict(inputs=list(views) if self.num_views > 1 else views[0])


def runner_of(name, work_dir, batch_size, num, num_views=2, **options):
    (path,) = ROOT.glob(f'configs/debug/{name}_*.py')
    cfg = Config.fromfile(path)
    settle(cfg, work_dir)
    loader = cfg.train_dataloader
    loader.dataset = dict(type='mmengine.Views', num=num, num_views=num_views)
    loader.batch_size = batch_size
    for hook in ('knn_probe', 'frozen_layers'):
        cfg.default_hooks.pop(hook, None)
    cfg.merge_from_dict(
        {key.replace('__', '.'): value for key, value in options.items()}
    )
    return Runner.from_cfg(cfg)


ALL = dict(train_dataloader__drop_last=False)
SMALL = dict(model__queue_len=96)
# No layer of this neck normalises; the last maps of the ResNet are 1x1.
MAPS = SMALL | dict(
    model__neck=dict(
        type='MoCoV2Neck',
        in_channels=64,
        hid_channels=8,
        out_channels=128,
        _delete_=True,
    )
)


@pytest.mark.parametrize(
    ('name', 'batch_size', 'num', 'options', 'message'),
    [
        ('mocov2', 36, 72, SMALL, 'queue_len=96 .*36 im.*queue_len=72 or 108'),
        (
            'mocov2',
            128,
            256,
            SMALL,
            '128 images of a .* use model.queue_len=128',
        ),
        ('mocov2', 32, 48, SMALL | ALL, 'last batch .* has 16 .*drop_last=T'),
        ('mocov2', 1, 8, MAPS, 'a layer of the backbone .*batch_size=2 or'),
        ('simsiam', 1, 8, {}, r'neck\.\S+ is a batch norm.*, got 1: use'),
        ('simsiam', 4, 9, ALL, 'got 1: the last batch .*drop_last=True'),
        ('mocov3', 1, 8, {}, 'tell the images of a step apart, but a'),
        ('swav', 1, 8, {}, r'queue_length=256|tell the images'),
        ('hirl-simsiam', 16, 15, {}, 'its 15 images .*batch of 16 .*size=15'),
        ('simsiam', 4, 0, {}, 'Views of train_dataloader holds no images'),
    ],
)
def test_batches_that_do_not_fit(
    name, batch_size, num, options, message, tmp_path
):
    runner = runner_of(name, tmp_path, batch_size, num, **options)
    with pytest.raises(StartError, match=message):
        check_steps(runner)


@pytest.mark.parametrize('name', ['mocov2', 'mocov3', 'simsiam', 'swav'])
def test_views_that_are_missing(name, tmp_path):
    runner = runner_of(name, tmp_path, 64, 64, num_views=1)
    with pytest.raises(StartError, match='2 views .* gives 1: use .*MultiVi'):
        check_steps(runner)


@pytest.mark.parametrize(
    ('name', 'batch_size', 'num', 'options'),
    [
        ('mocov2', 32, 48, SMALL),
        ('simsiam', 2, 5, {}),
        ('simsiam', 4, 10, ALL),
        ('dino', 1, 3, dict(num_views=4)),
        ('swav', 64, 64, dict(num_views=4)),
        ('beit', 1, 1, {}),
    ],
)
def test_batches_that_fit(name, batch_size, num, options, tmp_path):
    runner = runner_of(name, tmp_path, batch_size, num, **options)
    torch.manual_seed(1)
    check_steps(runner)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert drawn == torch.rand(1), 'a check has drawn random numbers'


def test_no_checkpoint_of_initial_weights(tmp_path):
    """MMEngine would end without an error, and save epoch_6.pth."""
    cfg = tiny_config(tmp_path, 25, num=24, **CONSTANT)
    cfg.train_dataloader.drop_last = True
    with pytest.raises(StartError, match='its 24 images do not fill a batch'):
        tiny_run(cfg)
    assert not list(tmp_path.glob('*.pth'))


@pytest.mark.parametrize(
    ('train_cfg', 'message'),
    [
        (dict(by_epoch=True, max_epochs=0), 'max_epochs=0 is a training wit'),
        (dict(by_epoch=False, max_iters=0), 'max_iters=0 is a training with'),
    ],
)
def test_training_of_no_length(train_cfg, message, tmp_path):
    cfg = tiny_config(tmp_path, 8, param_scheduler=None)
    cfg.train_cfg = train_cfg
    with pytest.raises(StartError, match=message):
        tiny_run(cfg)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (
            dict(persistent_workers=True, num_workers=0),
            'val_dataloader.persistent_workers=True needs .*_workers=False',
        ),
        (
            dict(prefetch_factor=4),
            'val_dataloader.prefetch_factor=4 needs .*prefetch_factor=None',
        ),
        (dict(batch_size=0, num_workers=1), 'at least 1, got 0'),
    ],
)
def test_loaders(options, message):
    cfg = Config(dict(train_dataloader=dict(batch_size=2)))
    check_loaders(cfg)
    cfg.val_dataloader = options
    with pytest.raises(StartError, match=message):
        check_loaders(cfg)

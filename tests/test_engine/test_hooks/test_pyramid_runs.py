"""Trainings of SS-PRL whose views are made in either place."""

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from hirl_mm.datasets.toy import write_digit_scenes
from hirl_mm.engine.checks.errors import StartError
from hirl_mm.engine.runtime.device_views import place_views
from tests.pyramids import FORMS
from tests.runs import ROOT, run, settle

NUM_STEPS = 3


class Views(Hook):
    """Views of every step, as the model gets them."""

    def __init__(self):
        self.seen, self.losses = [], []

    def before_train(self, runner):
        model = runner.model
        preprocess = model.data_preprocessor.forward

        def keep(data, training=False):
            out = preprocess(data, training)
            if training:
                self.seen.append(out['inputs'])
            return out

        model.data_preprocessor.forward = keep

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.losses.append(outputs['loss'].item())


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'scenes'
    return write_digit_scenes(root, num_trainval=8 * NUM_STEPS, num_test=2)


def config(scenes, work_dir, views):
    path = 'configs/debug/ssprl_resnet18_1xb32-4e_digit-scenes.py'
    cfg = Config.fromfile(ROOT / path)
    settle(cfg, work_dir)
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.projection.update(
        in_channels=64, hid_channels=16, out_channels=8
    )
    cfg.model.head.feat_dim = 8
    cfg.train_dataloader.batch_size = 8
    cfg.train_dataloader.dataset.data_root = str(scenes)
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    cfg.views = views
    return cfg


def train(scenes, work_dir, views, epochs, **options):
    cfg = config(scenes, work_dir, views)
    cfg.train_cfg.max_epochs = epochs
    cfg.merge_from_dict(options)
    place_views(cfg)
    watch = Views()
    run(cfg, watch)
    return watch


def same(steps, others):
    return [
        all(map(torch.equal, step, other))
        for step, other in zip(steps, others, strict=True)
    ]


@pytest.fixture(scope='module')
def whole(scenes, tmp_path_factory):
    """A training of two epochs with views of the device."""
    folder = tmp_path_factory.mktemp('whole')
    return train(scenes, folder, 'device', 2), folder


@pytest.mark.slow
@pytest.mark.parametrize('views', FORMS)
def test_training(whole, scenes, tmp_path, views):
    watch, num = whole[0], 2 * NUM_STEPS
    if views == 'cpu':
        watch, num = train(scenes, tmp_path, views, 1), NUM_STEPS
    sides = [48] * 2 + [24] * 4 + [28] * 8 + [20] * 18
    for step in watch.seen:
        assert [x.shape for x in step] == [(8, 3, n, n) for n in sides]
    assert len(watch.losses) == num
    assert torch.tensor(watch.losses).isfinite().all()
    assert not any(same(watch.seen[:-1], watch.seen[1:]))


@pytest.mark.slow
def test_a_resumed_run_goes_on_with_its_views(whole, scenes, tmp_path):
    """Also with a worker, so that the next batch is made ahead."""
    expected, folder = whole
    resumed = train(
        scenes,
        tmp_path,
        'device',
        2,
        resume=True,
        load_from=str(folder / 'epoch_1.pth'),
        **{'train_dataloader.num_workers': 1},
    )
    assert all(same(resumed.seen, expected.seen[NUM_STEPS:]))
    assert resumed.losses == expected.losses[NUM_STEPS:]


def swap(pyramid):
    pyramid.scales = pyramid.scales[::-1]


def multi_view(pyramid):
    pyramid.type = 'MultiView'
    for key in ('scales', 'patch_transforms'):
        del pyramid[key]


@pytest.mark.parametrize('views', FORMS)
@pytest.mark.parametrize(
    ('edit', 'message'),
    [
        (multi_view, r'32 views .* makes 6: use PatchPyramid .*num_views=\[2'),
        (lambda p: p.scales.pop(), r'num_patches=\(4, 9\), 32 .* makes 14'),
        (
            lambda p: p.scales[1].update(grid=2),
            'a grid with so many cells',
        ),
        (lambda p: p.update(num_views=[2, 5]), r'32 views .* makes 33: use'),
        (
            swap,
            r'scale 2 have \(20, 20\) and \(28, 28\) .*num_patches=\(4, 9\)',
        ),
        (
            lambda p: p.scales[1].update(patch_size=65, region_size=195),
            r'\.jpg has 64 x 64 pixels, fewer than .* 65 x 65',
        ),
    ],
)
def test_other_views_than_the_head_expects(
    scenes, tmp_path, views, edit, message
):
    """Found before the first iteration, wherever views are made."""
    cfg = config(scenes, tmp_path, views)
    edit(cfg.train_dataloader.dataset.pipeline[1])
    place_views(cfg)
    runner = Runner.from_cfg(cfg)
    with pytest.raises(ValueError, match=message) as caught:
        runner.train()
    small = 'pixels, fewer' in message
    assert isinstance(caught.value, StartError) != small
    assert runner.iter == 0
    assert not list(tmp_path.rglob('*.pth'))

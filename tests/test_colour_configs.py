"""Recipes for CIFAR, Tiny ImageNet and ImageNet-100, on converted images."""

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from hirl_mm.datasets.converters.cifar import write_cifar
from hirl_mm.datasets.converters.class_subset import write_class_subset
from hirl_mm.datasets.converters.tiny_imagenet import write_tiny_imagenet
from hirl_mm.engine.runtime.device_views import place_views
from tests import cifar_archives
from tests.recipes import differences
from tests.runs import ROOT, run, settle
from tests.tiny_imagenet_files import WNIDS, write_unpacked

FOLDER = ROOT / 'configs/small'
# Pixels along a view, and numbers of images and of classes.
DATA = {
    'cifar100': (32, 50_000, 100),
    'tiny-imagenet': (64, 100_000, 200),
    'imagenet-100': (224, 126_689, 100),
}


def images_of(name):
    return name.removesuffix('.py').rpartition('_')[2]


NAMES = sorted(
    p.name for p in FOLDER.glob('*.py') if images_of(p.name) in DATA
)
PLAIN = [name for name in NAMES if not name.startswith('hirl-')]


@pytest.fixture(scope='module')
def converted(tmp_path_factory):
    """Folders that the converters wrote, of four classes."""
    root = tmp_path_factory.mktemp('data')
    files, _ = cifar_archives.cifar100(num=4)
    source = cifar_archives.write_folder(root / 'cifar-100-python', files)
    tiny = write_unpacked(root / 'tiny-imagenet-200', num=4)
    folders = {
        'cifar100': write_cifar(root / 'cifar', source, 'cifar-100'),
        'tiny-imagenet': write_tiny_imagenet(root / 'tiny', tiny),
    }
    (root / 'classes.txt').write_text('\n'.join(WNIDS))
    folders['imagenet-100'] = write_class_subset(
        root / 'part', folders['tiny-imagenet'], root / 'classes.txt'
    )
    return folders


class Watch(Hook):
    """Sizes of the views of a step, and whether the network learns."""

    def weights(self, runner):
        parameters = runner.model.backbone.parameters()
        return torch.cat([p.detach().flatten().clone() for p in parameters])

    def after_train(self, runner):
        self.moved = (self.weights(runner) != self.before).double().mean()

    def before_train(self, runner):
        model = runner.model
        self.before = self.weights(runner)
        preprocess = model.data_preprocessor.forward

        def keep(data, training=False):
            out = preprocess(data, training)
            if training:
                self.sizes = [tuple(v.shape[1:]) for v in out['inputs']]
            return out

        model.data_preprocessor.forward = keep


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_trains_with_views_of_the_device(name, converted, tmp_path):
    """Networks of their real width; with HIRL, by a tree from the start."""
    cfg = Config.fromfile(FOLDER / name)
    settle(cfg, tmp_path)
    images, hirl = images_of(name), name.startswith('hirl-')
    cfg.train_cfg.max_epochs = 1
    cfg.views = 'device'
    cfg.train_dataloader.update(
        batch_size=8, num_workers=0, persistent_workers=False
    )
    cfg.train_dataloader.dataset.data_root = str(converted[images])
    if hirl:
        cfg.default_hooks.kmeans.update(
            num_prototypes=(8, 4, 2), start_epoch=0, num_workers=0
        )
    place_views(cfg)
    watch = Watch()
    runner = run(cfg, watch)
    side, *_ = DATA[images]
    num_local = 4 if 'dino' in name else 0
    local = [(3, side // 2, side // 2)] * num_local
    assert watch.sizes == [(3, side, side)] * 2 + local
    assert runner.iter == 2
    assert watch.moved > 0.9
    scalars = runner.message_hub.log_scalars
    assert torch.tensor(scalars['train/loss'].data[0]).isfinite().all()
    assert ('train/loss_spd' in scalars) == hirl
    if hirl:
        assert (scalars['train/loss_spd'].data[0] > 0).all()
        assert runner.model.tree.num_prototypes == (8, 4, 2)
    backbone = runner.model.backbone
    if images != 'imagenet-100' and 'dino' not in name:
        # The CIFAR stem keeps the size; three stages halve it.
        with torch.no_grad():
            features = backbone(torch.zeros(1, 3, side, side))[-1]
        assert features.shape == (1, 512, side // 8, side // 8)


@pytest.mark.parametrize('name', PLAIN)
def test_hirl_adds_a_tree_and_nothing_else(name):
    plain = Config.fromfile(FOLDER / name)
    hirl = Config.fromfile(FOLDER / f'hirl-{name}')
    found = differences(plain.to_dict(), hirl.to_dict())
    assert found.pop('model.type').startswith('hirl_mm.HIRL')
    assert found.pop('find_unused_parameters') is True
    kmeans = found.pop('default_hooks.kmeans')
    head = found.pop('model.spd_head')
    assert set(found) == {'kmeans_hook', 'spd_head'}

    _, num_images, num_classes = DATA[images_of(name)]
    fine, middle, coarse = kmeans['num_prototypes']
    assert num_images / fine == pytest.approx(40, rel=0.02)
    assert fine / middle == pytest.approx(3, rel=0.1)
    assert coarse == num_classes and head['num_levels'] == 3
    assert kmeans['start_epoch'] == plain.train_cfg.max_epochs / 10
    assert head['num_negatives'] == (100 if 'dino' in name else 1000)


@pytest.mark.parametrize('name', PLAIN)
def test_schedules_end_with_the_training(name):
    cfg = Config.fromfile(FOLDER / name)
    assert cfg.train_cfg.max_epochs == 200
    ends = [s.get('end') for s in cfg.param_scheduler]
    assert ends in ([200], [10, 200, 200])
    batch = int(name.split('_1xb')[1][:3])
    assert cfg.train_dataloader.batch_size == batch
    rate = 0.03 if 'dino' not in name else 5e-4
    assert cfg.optim_wrapper.optimizer.lr == pytest.approx(rate * batch / 256)

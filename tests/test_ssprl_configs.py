"""Recipes of SS-PRL: the numbers of the supplement and the released code."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.dataset import Compose
from mmengine.hooks import Hook
from mmengine.optim import build_optim_wrapper
from torch import nn

from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.imagenet_images import ImageNetImages
from hirl_mm.datasets.toy import write_digit_scenes
from hirl_mm.datasets.transforms import PatchPyramid
from hirl_mm.engine.hooks import FrozenLayersHook
from hirl_mm.engine.optimizers.larc import LARC
from hirl_mm.evaluation.paper_comparison import beside_paper
from hirl_mm.evaluation.paper_results import SSPRL_TABLES
from hirl_mm.models.modules import EmbeddingQueue
from hirl_mm.registry import DATASETS, TRANSFORMS, type_name
from tests.hooks import built_hooks
from tests.recipes import (
    differences,
    full_model,
    learning_rates,
    load,
    without_amp,
)
from tests.runs import ROOT, run, settle

FOLDER = ROOT / 'configs/ssprl'
COCO = 'ssprl_resnet50_2xb64-mcrop-amp-coslr-200e_coco14.py'
IMAGENET = 'ssprl_resnet50_4xb64-mcrop-amp-coslr-100e_in1k.py'
PAPER = 'ssprl-paper_resnet50_2xb64-amp-coslr-200e_coco14.py'
EVERY = pytest.mark.parametrize('name', [COCO, IMAGENET, PAPER])


def recipe(name):
    return load(FOLDER / name)


def num_images(name, cfg):
    """Images of all GPUs in a step."""
    num_gpus = int(re.search(r'_(\d+)xb', name)[1])
    return num_gpus * cfg.train_dataloader.batch_size


def test_every_recipe_is_tested():
    names = {path.name for path in FOLDER.glob('*.py')}
    assert names == {COCO, IMAGENET, PAPER}


def pyramid_of(cfg):
    load_image, pyramid, pack = cfg.train_dataloader.dataset.pipeline
    assert load_image.type == 'hirl_mm.LoadImage'
    assert type_name(pack.type) == 'PackInputs'
    assert pyramid.type == 'hirl_mm.PatchPyramid'
    return pyramid


@EVERY
def test_crops_of_the_supplement(name):
    """Section B; the local views are those of the released code."""
    pyramid = pyramid_of(recipe(name))
    whole = [(224, (0.14, 1.0)), (96, (0.05, 0.14))]
    num_views = [2] if name == PAPER else [2, 6]
    assert pyramid.num_views == num_views
    crops = [steps[0] for steps in pyramid.transforms]
    found = [(crop.scale, crop.crop_ratio_range) for crop in crops]
    assert found == whole[: len(num_views)]
    for crop in crops:
        assert type_name(crop.type) == 'RandomResizedCrop'
        assert (crop.backend, crop.interpolation) == ('pillow', 'bilinear')
        assert 'aspect_ratio_range' not in crop

    transform = TRANSFORMS.build(dict(pyramid))
    assert type(transform) is PatchPyramid and transform.enlarge_small_images
    found = [
        (s.grid, s.region_size, s.cell_size, s.patch_size, s.crop_ratio_range)
        for s in transform.scales
    ]
    assert found == [
        (2, 314, 157, 112, (0.6, 1.0)),
        (3, 383, 127, 96, (0.6, 1.0)),
    ]
    assert {s.interpolation for s in transform.scales} == {'bilinear'}


@EVERY
def test_colours_of_every_view_and_patch(name):
    """Flip, jitter, grey and blur in this order, then normalised."""
    cfg = recipe(name)
    pyramid = pyramid_of(cfg)
    kinds = [steps[1:] for steps in pyramid.transforms]
    for steps in (*kinds, pyramid.patch_transforms):
        flip, jitter, grey, blur = steps
        names = [type_name(step.type) for step in steps]
        expected = ['RandomFlip', 'RandomApply', 'RandomGrayscale']
        assert names == [*expected, 'GaussianBlur']
        probabilities = [step.prob for step in steps]
        assert probabilities == [0.5, 0.8, 0.2, 0.5]
        assert 'direction' not in flip
        (jitter,) = jitter.transforms
        strength = ('brightness', 'contrast', 'saturation', 'hue')
        assert [jitter[k] for k in strength] == [0.8, 0.8, 0.8, 0.2]
        assert jitter.backend == 'pillow'
        assert blur.magnitude_range == (0.1, 2.0)
        assert blur.magnitude_std == 'inf'
        assert grey.keep_channels
    pixels = cfg.data_preprocessor
    mean, std = ([v / 255 for v in pixels[k]] for k in ('mean', 'std'))
    assert mean == pytest.approx([0.485, 0.456, 0.406])
    assert std == pytest.approx([0.228, 0.224, 0.225])
    assert pixels.to_rgb


@pytest.mark.slow
@pytest.mark.parametrize(
    ('name', 'shape'), [(COCO, (70, 51)), (PAPER, (333, 501))]
)
def test_views_of_an_image_of_any_size(name, shape):
    """34 tensors for the model, in the order in which it takes them."""
    cfg = recipe(name)
    _, *steps = cfg.train_dataloader.dataset.pipeline
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3))
    image = dict(img=pixels.astype(np.uint8), img_path='image.jpg')
    views = Compose(steps)(image | dict(sample_idx=0))['inputs']
    sides = [tuple(view.shape) for view in views]
    locals_ = 0 if name == PAPER else 6
    expected = [224] * 2 + [96] * locals_ + [112] * 8 + [96] * 18
    assert sides == [(3, side, side) for side in expected]
    assert len(sides) == (28 if name == PAPER else 34)
    model = full_model(cfg)
    of_scales = model.views_of_scales(views)
    assert [len(of_scale) for of_scale in of_scales] == [2 + locals_, 8, 18]


@EVERY
def test_networks(name):
    """Section B; SyncBN and the shapes of the heads are the code's."""
    model = full_model(recipe(name))
    assert model.backbone.depth == 50
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            assert isinstance(module, nn.SyncBatchNorm)
    assert not model.backbone.zero_init_residual
    assert len(model.neck.scales) == 3
    for neck in model.neck.scales:
        linear = [m for m in neck.modules() if isinstance(m, nn.Linear)]
        found = [tuple(m.weight.shape) for m in linear]
        assert found == [(2048, 2048), (128, 2048)]
        assert neck.with_avg_pool and neck.with_l2norm
    head = model.head
    shapes = {k: tuple(p.shape) for k, p in head.named_parameters()}
    assert shapes == {
        'prototypes.0.weight': (300, 128),
        'prototypes.1.weight': (150, 128),
        'prototypes.2.weight': (150, 128),
        'correlations.0.weight': (300, 150),
        'correlations.1.weight': (300, 150),
    }


@EVERY
def test_constants_of_the_losses(name):
    """Section B, and the decisions C1 to C3: the code's, or the paper's."""
    head = full_model(recipe(name)).head
    assert head.weights == (1.0, 0.25, 0.25) and head.cross_weight == 1
    assert (head.temperature, head.epsilon, head.num_iters) == (0.1, 0.05, 3)
    assert head.num_patches == (4, 9)
    found = head.reduction, head.g_input, head.cross_pairs, head.num_crops
    expected = ('official', 'logits', 'all', (2, 6))
    if name == PAPER:
        expected = ('paper', 'prob', 'matched', (2,))
    assert found == expected


@EVERY
def test_optimisation(name):
    cfg = recipe(name)
    epochs, images = (100, 256) if name == IMAGENET else (200, 128)
    assert num_images(name, cfg) == images
    assert cfg.auto_scale_lr == dict(base_batch_size=images)
    assert cfg.train_cfg.max_epochs == epochs
    assert cfg.randomness.seed == 31
    loader = cfg.train_dataloader
    assert loader.drop_last and loader.sampler.shuffle

    assert cfg.optim_wrapper.type == 'AmpOptimWrapper'
    assert cfg.optim_wrapper.loss_scale == 'dynamic'
    assert 'clip_grad' not in cfg.optim_wrapper
    model = full_model(cfg)
    optimizer = build_optim_wrapper(model, without_amp(cfg)).optimizer
    assert type(optimizer) is LARC
    # Biases and normalisation decay and are rescaled as all others.
    (group,) = optimizer.param_groups
    assert len(group['params']) == len(list(model.parameters()))
    found = [group[k] for k in ('lr', 'momentum', 'weight_decay')]
    assert found == [0.6, 0.9, 1e-6]
    assert (group['trust_coefficient'], group['eps']) == (0.001, 1e-8)


@EVERY
def test_learning_rates(name):
    """A cosine by the iteration from the first one on, to a thousandth."""
    cfg = recipe(name)
    rates = learning_rates(cfg, steps_per_epoch=5)
    num = len(rates)
    assert num == 5 * cfg.train_cfg.max_epochs
    assert rates[0] == 0.6
    for step, found in enumerate(rates):
        share = (1 + math.cos(math.pi * step / num)) / 2
        expected = 6e-4 + (0.6 - 6e-4) * share
        assert found == pytest.approx(expected, rel=1e-9)
    assert rates[-1] == pytest.approx(6e-4, rel=0.01)


@EVERY
def test_queues(name):
    """Lengths of the code, rounded down to the batch as the code does."""
    cfg = recipe(name)
    head = full_model(cfg).head
    images = num_images(name, cfg)
    for queue, wanted, patches in zip(
        head.queues, (1920, 5000, 5000), (1, 4, 9), strict=True
    ):
        assert type(queue) is EmbeddingQueue
        assert queue.rows.shape == (2, wanted - wanted % images, 128)
        queue.check_batch(images, patches)
    if name != IMAGENET:
        assert [queue.length for queue in head.queues] == [1920, 4992, 4992]
    epochs = cfg.train_cfg.max_epochs
    assert head.queue_start_epoch == 0.4 * epochs


@EVERY
def test_what_is_frozen(name):
    """648 iterations are one epoch of COCO's 82,783 images."""
    cfg = recipe(name)
    (hook,) = (h for h in built_hooks(cfg) if isinstance(h, FrozenLayersHook))
    assert hook.layers == ('prototypes', 'correlations')
    assert hook.end == (1 if name == IMAGENET else 648)
    assert hook.by_epoch == (name == IMAGENET)
    assert 82_783 // 128 == 646


def test_images_without_labels(tmp_path, monkeypatch):
    """All images of one flat folder."""
    monkeypatch.chdir(tmp_path)
    folder = Path('data/coco/train2014')
    folder.mkdir(parents=True)
    for i in range(3):
        (folder / f'COCO_train2014_{i:012}.jpg').touch()
    cfg = recipe(COCO).train_dataloader.dataset
    dataset = DATASETS.build(dict(cfg, pipeline=[]))
    assert type(dataset) is FolderImages and len(dataset) == 3
    assert 'gt_label' not in dataset.get_data_info(0)
    assert Path(dataset.get_data_info(2)['img_path']) == (
        folder / 'COCO_train2014_000000000002.jpg'
    )
    cfg = recipe(IMAGENET).train_dataloader.dataset
    assert DATASETS.get(cfg.type) is ImageNetImages
    assert (cfg.data_root, cfg.split) == ('data/imagenet/', 'train')
    assert set(cfg) == {'type', 'data_root', 'split', 'pipeline'}


def test_data_and_epochs_are_all_that_differs():
    changed = differences(
        recipe(COCO).to_dict(),
        recipe(IMAGENET).to_dict(),
    )
    added = {'knn_gallery', 'knn_queries', 'knn_probe'}
    added |= {'centre_crop', 'feature_crop', 'default_hooks.knn_probe'}
    data = {f'train_dataloader.dataset.{key}' for key in DATA}
    assert set(changed) - added - data == {
        'model.head.queue_lengths',
        'model.head.queue_start_epoch',
        'auto_scale_lr.base_batch_size',
        'param_scheduler',
        'train_cfg.max_epochs',
        'default_hooks.frozen_layers.end',
        'default_hooks.frozen_layers.by_epoch',
    }


DATA = 'type', 'data_root', 'data_prefix', 'with_label', 'split'


def test_presets_differ_as_paper_and_code_do():
    code, paper = recipe(COCO), recipe(PAPER)
    pyramids = pyramid_of(code).to_dict(), pyramid_of(paper).to_dict()
    assert differences(*pyramids) == {
        'num_views': [2],
        'transforms': pyramids[0]['transforms'][:1],
    }
    for cfg in code, paper:
        del cfg.train_dataloader.dataset['pipeline']
        cfg.pop('pyramid')
    assert differences(code.to_dict(), paper.to_dict()) == {
        'num_crops': [2],
        'model.head.num_crops': [2],
        'model.head.reduction': 'paper',
        'model.head.g_input': 'prob',
        'model.head.cross_pairs': 'matched',
    }


class Watch(Hook):
    """Weights, and what the optimizer keeps of them, after every step."""

    def __init__(self):
        self.weights, self.kept = [], []

    def before_train(self, runner):
        self._look(runner)

    def after_train_iter(self, runner, *args, **kwargs):
        self._look(runner)

    def _look(self, runner):
        named = dict(runner.model.named_parameters())
        self.weights.append({k: p.detach().clone() for k, p in named.items()})
        state = runner.optim_wrapper.optimizer.state
        self.kept.append({k for k, p in named.items() if state.get(p)})


@pytest.mark.slow
def test_frozen_layers_of_a_run(tmp_path):
    """Three steps frozen, three more not, with the optimizer of the recipe."""
    scenes = write_digit_scenes(
        tmp_path / 'scenes', num_trainval=24, num_test=1
    )
    cfg = load(ROOT / 'configs/debug/ssprl_resnet18_1xb32-4e_digit-scenes.py')
    settle(cfg, tmp_path / 'run')
    cfg.optim_wrapper = without_amp(recipe(COCO))
    frozen = recipe(COCO).default_hooks.frozen_layers
    cfg.default_hooks.frozen_layers = dict(frozen, end=3)
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.projection.update(in_channels=64, hid_channels=16)
    cfg.model.head.queue_lengths = None
    cfg.train_dataloader.batch_size = 8
    cfg.train_dataloader.dataset.data_root = str(scenes)
    cfg.train_cfg.max_epochs = 2
    watch = Watch()
    run(cfg, watch)
    start, *steps = watch.weights
    assert len(steps) == 6
    layers = [key for key in start if key.startswith('head.')]
    assert len(layers) == 3 + 2
    for i, (before, after) in enumerate(
        zip([start, *steps], steps, strict=False)
    ):
        for key in layers:
            # The loss has normalised the rows, and nothing else happened.
            same = torch.equal(after[key], F.normalize(before[key], dim=1))
            assert same == (i < 3), key
            assert (key in watch.kept[i + 1]) == (i >= 3)
        moved = (
            after['backbone.conv1.weight'] - before['backbone.conv1.weight']
        )
        assert moved.abs().max() > 0


README = (FOLDER / 'README.md').read_text()


def test_readme_has_the_data_and_batches():
    rows = re.findall(
        r'^\| \[\S+\]\((\S+)\) \| (.+) \| (\d+) \| (\d+) \|', README, re.M
    )
    data = {'coco14': 'COCO train2014', 'in1k': 'ImageNet'}
    assert {name for name, *_ in rows} == {COCO, IMAGENET, PAPER}
    for name, of, epochs, images in rows:
        cfg = recipe(name)
        assert of == data[name.removesuffix('.py').split('_')[-1]]
        assert cfg.train_cfg.max_epochs == int(epochs)
        assert num_images(name, cfg) == int(images)


@pytest.mark.parametrize('number', ['S-A', 'S-B'])
def test_readme_has_the_tables_of_the_supplement(number):
    """Table S-A of segmentation, S-B of the asymmetric loss."""
    assert beside_paper(SSPRL_TABLES[number], []) in README

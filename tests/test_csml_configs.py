"""Recipes of CsMl: the numbers of the paper and of the released code."""

import math
import re

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import build_optim_wrapper
from torch import nn

from hirl_mm.engine.hooks import NeighborBankHook
from hirl_mm.engine.runtime.device_views import place_views
from hirl_mm.evaluation.paper_comparison import beside_paper
from hirl_mm.evaluation.paper_results import CSML_TABLES
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.models.heads import CrossSampleHead
from hirl_mm.models.modules.pair_mixing import PairCutMix
from hirl_mm.registry import MODELS, type_name
from tests.hooks import built_hooks
from tests.recipes import (
    differences,
    full_model,
    learning_rates,
    load,
    without_amp,
)
from tests.runs import ROOT, run, settle
from tests.weightless import Weightless

FOLDER = ROOT / 'configs/csml'
PAPER = 'csml_resnet50_32xb64{}-coslr-{}e_in1k.py'
OFFICIAL = 'csml-official_resnet50_8xb64-coslr-200e_in1k.py'
ON_BYOL = 'csml-byol_resnet50_64xb128-coslr-300e_in1k.py'
# Top-1 of linear classifiers that the paper reports: Tables 1 and A.1.
LINEAR = {
    PAPER.format('', 200): '71.6',
    PAPER.format('', 800): '74.4',
    PAPER.format('-mcrop', 200): '74.6',
    PAPER.format('-mcrop', 800): '76.6',
    OFFICIAL: '-',
    ON_BYOL: '75.3',
}
OF_MOCO = pytest.mark.parametrize('name', [n for n in LINEAR if n != ON_BYOL])


def recipe(name):
    return load(FOLDER / name)


def num_anchors(name, cfg):
    """Anchors of all GPUs in a step."""
    num_gpus = int(re.search(r'_(\d+)xb', name)[1])
    images = num_gpus * cfg.train_dataloader.batch_size
    anchors, rest = divmod(images, 1 + cfg.model.get('num_positives', 1))
    assert not rest
    return anchors


def neighbors_hook(cfg):
    (hook,) = (h for h in built_hooks(cfg) if isinstance(h, NeighborBankHook))
    return hook


def test_every_recipe_is_tested():
    assert {path.name for path in FOLDER.glob('*.py')} == set(LINEAR)


@OF_MOCO
def test_optimisation(name):
    """Section 4.1; the released code has the same rate per anchor."""
    cfg = recipe(name)
    official = name == OFFICIAL
    anchors, rate = (256, 0.03) if official else (1024, 0.12)
    assert num_anchors(name, cfg) == anchors
    sampler = cfg.train_dataloader.sampler
    assert sampler.type == 'hirl_mm.NeighborPairSampler' and sampler.shuffle
    assert cfg.auto_scale_lr.base_batch_size == 2 * anchors
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.momentum) == ('SGD', 0.9)
    assert optimizer.weight_decay == 1e-4
    epochs = cfg.train_cfg.max_epochs
    assert epochs == int(re.search(r'(\d+)e_', name)[1])
    # A cosine to 0 by the epoch: both steps of an epoch have one rate.
    rates = learning_rates(cfg, steps_per_epoch=2)
    for step, found in enumerate(rates):
        share = (1 + math.cos(math.pi * (step // 2) / epochs)) / 2
        assert found == pytest.approx(rate * share, abs=1e-9)
    assert len(rates) == 2 * epochs and rates[-1] < 3e-5


@OF_MOCO
def test_networks_and_loss(name):
    """Two presets: that of the paper, and that of the released code."""
    cfg = recipe(name)
    model = full_model(cfg)
    official = name == OFFICIAL
    assert (model.queue_len, model.encoder_k.momentum) == (65536, 0.001)
    assert model.queue.shape == (128, 65536) and model.num_positives == 1
    assert type(model.backbone.bn1) is nn.BatchNorm2d
    shapes = {k: tuple(p.shape) for k, p in model.neck.named_parameters()}
    assert set(shapes.values()) == {(2048, 2048), (2048,), (128, 2048), (128,)}
    head = model.head
    assert type(head) is CrossSampleHead and head.temperature == 0.2
    expected = ('official', 11) if official else ('paper', 0)
    assert (head.reduction, head.cross_start_epoch) == expected
    assert type(model.mix) is PairCutMix
    assert cfg.model.mix.alpha == (2 if official else 1)
    assert (model.branches is None) == official
    assert model.local_crops == ('mcrop' in name)

    hook = neighbors_hook(cfg)
    expected = (5, 'key') if official else (10, 'query')
    assert (hook.k, hook.encoder) == expected
    assert (hook.start_epoch, hook.interval) == (0, 5)


def test_branches():
    """Section 3.3: a bottleneck of the stage's width, two linear layers."""
    model = full_model(recipe(PAPER.format('', 200)))
    assert model.branches.stages == (2, 3)
    for queue in model.branch_queues:
        assert queue.queue.shape == (128, 65536)
    assert len(model.branch_queues) == 2
    assert model.branches_k.momentum == model.encoder_k.momentum
    for block, mlp, width in zip(
        model.branches.blocks, model.branches.mlps, (512, 1024), strict=True
    ):
        found = [
            (tuple(m.weight.shape), m.stride)
            for m in block.modules()
            if isinstance(m, nn.Conv2d)
        ]
        quarter = width // 4
        assert found == [
            ((quarter, width, 1, 1), (1, 1)),
            ((quarter, quarter, 3, 3), (1, 1)),
            ((width, quarter, 1, 1), (1, 1)),
        ]
        assert block.downsample is None
        linear = [m for m in mlp.modules() if isinstance(m, nn.Linear)]
        found = [tuple(m.weight.shape) for m in linear]
        assert found == [(width, width), (128, width)]
        assert not any(
            isinstance(m, nn.modules.batchnorm._BatchNorm)
            for m in mlp.modules()
        )


@pytest.mark.parametrize('name', LINEAR)
def test_neighbours_are_searched_as_the_tree_is_built(name):
    """On the same images: resize 256, crop 224."""
    cfg = recipe(name)
    base = load(ROOT / 'configs/_base_/kmeans_hook.py')
    pipeline = cfg.default_hooks.neighbors.pipeline
    assert pipeline == base.kmeans_hook.pipeline
    _, resize, crop, _ = pipeline
    assert (resize.scale, resize.edge, crop.crop_size) == (256, 'short', 224)


def views_of(cfg):
    """The MultiView of a recipe, and its transforms by name."""
    load_image, views, pack = cfg.train_dataloader.dataset.pipeline
    assert load_image.type == 'hirl_mm.LoadImage'
    assert type_name(pack.type) == 'PackInputs'
    return views.num_views, [
        {type_name(step.type): step for step in steps}
        for steps in views.transforms
    ]


@OF_MOCO
def test_views_of_moco_v2(name):
    """With multi-crop, the sizes and shares are those of SwAV."""
    num_views, kinds = views_of(recipe(name))
    crops = [
        (steps['RandomResizedCrop'].scale,)
        + tuple(steps['RandomResizedCrop'].crop_ratio_range)
        for steps in kinds
    ]
    if 'mcrop' in name:
        assert num_views == [2, 6]
        assert crops == [(224, 0.14, 1.0), (96, 0.05, 0.14)]
        swav = Config.fromfile(
            ROOT / 'configs/swav/'
            'swav_resnet50_32xb128-mcrop-coslr-200e_in1k.py'
        )
        num_views, theirs = views_of(swav)
        assert num_views == [2, 6]
        for own, other in zip(kinds, theirs, strict=True):
            own, other = (k['RandomResizedCrop'] for k in (own, other))
            assert differences(own, dict(other, _scope_='mmpretrain')) == {}
    else:
        assert num_views in (2, [2]) and crops == [(224, 0.2, 1.0)]
    for steps in kinds:
        (jitter,) = steps['RandomApply'].transforms
        strength = ('brightness', 'contrast', 'saturation', 'hue')
        assert [jitter[k] for k in strength] == [0.4, 0.4, 0.4, 0.1]
        assert steps['RandomApply'].prob == 0.8
        assert steps['RandomGrayscale'].prob == 0.2
        assert steps['GaussianBlur'].prob == 0.5
        assert steps['GaussianBlur'].magnitude_range == (0.1, 2.0)
        assert steps['RandomFlip'].prob == 0.5


@pytest.mark.parametrize('variant', ['', '-mcrop'])
def test_epochs_are_all_that_differs(variant):
    short = recipe(PAPER.format(variant, 200)).to_dict()
    long = recipe(PAPER.format(variant, 800)).to_dict()
    changed = differences(short, long)
    assert set(changed) == {'param_scheduler', 'train_cfg.max_epochs'}


def test_multi_crop_is_all_that_differs():
    plain = recipe(PAPER.format('', 200))
    mcrop = recipe(PAPER.format('-mcrop', 200))
    changed = differences(plain.model.to_dict(), mcrop.model.to_dict())
    assert changed == {'local_crops': True}
    for cfg in plain, mcrop:
        cfg.pop('model')
        del cfg.train_dataloader.dataset['pipeline']
    added = set(mcrop) - set(plain)
    assert all(mcrop[key] == plain[key] for key in set(mcrop) - added)
    assert not added & {'optim_wrapper', 'custom_hooks', 'views'}


def test_presets_differ_as_paper_and_code_do():
    paper = recipe(PAPER.format('', 200)).to_dict()
    assert differences(paper, recipe(OFFICIAL).to_dict()) == {
        'model.head.reduction': 'official',
        'model.head.cross_start_epoch': 11,
        'model.mix.alpha': 2.0,
        'model.branches': None,
        'optim_wrapper.optimizer.lr': 0.03,
        'auto_scale_lr.base_batch_size': 512,
        'default_hooks.neighbors.k': 5,
        'default_hooks.neighbors.encoder': 'key',
    }


def byol():
    """MMPreTrain's recipe, and its model."""
    cfg = Config.fromstring(
        "_base_ = 'mmpretrain::byol/byol_resnet50_16xb256-coslr-200e_in1k.py'",
        '.py',
    )
    with Weightless():
        return cfg, MODELS.build(dict(cfg.model, _scope_='mmpretrain'))


def test_csml_on_byol():
    """Appendix A.1: BYOL's hyper-parameters for 300 epochs."""
    cfg = recipe(ON_BYOL)
    theirs, network = byol()
    model = full_model(cfg)
    assert num_anchors(ON_BYOL, cfg) == 4096
    assert theirs.auto_scale_lr.base_batch_size == 4096
    assert cfg.auto_scale_lr.base_batch_size == 2 * 4096
    assert cfg.train_dataloader.drop_last
    shapes = {k: tuple(p.shape) for k, p in model.named_parameters()}
    assert shapes == {k: tuple(p.shape) for k, p in network.named_parameters()}
    assert shapes['neck.fc0.weight'] == (4096, 2048)
    assert shapes['head.predictor.fc1.weight'] == (256, 4096)
    assert type(model.mix) is PairCutMix and cfg.model.mix.alpha == 1
    assert (model.target_net.momentum, model.target_net.end_momentum) == (
        0.01,
        0.0,
    )
    hook = neighbors_hook(cfg)
    assert (hook.k, hook.encoder, hook.interval) == (10, 'query', 5)
    optimizer = cfg.optim_wrapper.optimizer
    assert type_name(optimizer.type) == 'LARS'
    found = optimizer.lr, optimizer.momentum, optimizer.weight_decay
    assert found == (4.8, 0.9, 1e-6)
    rates = learning_rates(cfg, steps_per_epoch=2)
    assert rates[0] == pytest.approx(4.8e-4) and len(rates) == 600
    assert max(rates) == pytest.approx(4.8) and rates[20] == max(rates)
    assert rates[20 + 290] == pytest.approx(2.4)
    assert rates[-1] < 2e-4
    num_views, kinds = views_of(cfg)
    assert num_views == [1, 1]
    pipeline = theirs.train_dataloader.dataset.pipeline
    views = cfg.train_dataloader.dataset.pipeline[1]
    assert differences(pipeline[1], views) == {'_scope_': 'mmpretrain'}


def test_what_lars_leaves_alone():
    """Biases and normalisation neither decay nor are rescaled."""
    cfg = recipe(ON_BYOL)
    model = full_model(cfg)
    optim = without_amp(cfg)
    groups = build_optim_wrapper(model, optim).param_groups
    seen = 0
    for group in groups:
        for p in group['params']:
            seen += 1
            alone = p.ndim == 1
            assert bool(group.get('lars_exclude')) == alone
            assert group['weight_decay'] == (0 if alone else 1e-6)
    trained = [p for p in model.parameters() if p.requires_grad]
    assert seen >= len(trained)


DEMO = 'configs/demo/{}_resnet18_1xb128-20e_digits.py'
STEPS = [
    ('csml-positives', 'csml-cutmix', {'model.mix'}),
    ('csml-cutmix', 'csml', {'model.branches'}),
    (
        'csml',
        'hirl-csml',
        {
            'model.type',
            'model.spd_head',
            'default_hooks.kmeans',
            'kmeans_hook',
            'find_unused_parameters',
        },
    ),
    ('hirl-csml', 'hirl-csml-tree', {'default_hooks.tree_positives'}),
]


@pytest.mark.parametrize(('before', 'after', 'expected'), STEPS)
def test_demo_goes_one_step_at_a_time(before, after, expected):
    """For a study of what each part adds."""
    first, second = (load(ROOT / DEMO.format(n)) for n in (before, after))
    assert set(differences(first.to_dict(), second.to_dict())) == expected


def test_first_step_of_the_demo():
    """MoCo v2's recipe, with a positive behind each of its 64 images."""
    moco = load(ROOT / 'configs/demo/mocov2_resnet18_1xb64-20e_digits.py')
    csml = load(ROOT / DEMO.format('csml-positives'))
    changed = differences(moco.to_dict(), csml.to_dict())
    added = {'pair_loader', 'neighbors_hook', 'neighbors'}
    assert {k: v for k, v in changed.items() if k not in added} == {
        'model.type': 'hirl_mm.CsMl',
        'model.head.type': 'hirl_mm.CrossSampleHead',
        'model.head.loss': None,
        'train_dataloader.batch_size': 128,
        'train_dataloader.sampler.type': 'hirl_mm.NeighborPairSampler',
        'default_hooks.neighbors': csml.neighbors.to_dict(),
    }
    assert csml.neighbors.k == 10


README = (FOLDER / 'README.md').read_text()


def test_readme_has_the_figures_and_batches():
    """Of linear classifiers; all are marked as the paper's elsewhere."""
    rows = re.findall(
        r'^\| \[\S+\]\((\S+)\) \| (\d+) \| (\d+) \| (\d+) \| (\S+) \|$',
        README,
        re.M,
    )
    assert {name: figure for name, *_, figure in rows} == LINEAR
    for name, epochs, anchors, images, _ in rows:
        cfg = recipe(name)
        assert cfg.train_cfg.max_epochs == int(epochs)
        assert num_anchors(name, cfg) == int(anchors) == int(images) // 2


class Queries(Hook):
    """Shapes of the batches that the trained backbone gets in training."""

    def __init__(self):
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        def look(backbone, inputs):
            self.seen.append(tuple(inputs[0].shape))

        hook = runner.model.backbone.register_forward_pre_hook(look)
        self.remove = hook.remove

    def after_train_iter(self, runner, *args, **kwargs):
        self.remove()


def on_the_device(digits, work_dir):
    """Multi-crop of the recipe on digits, with views made by the model."""
    cfg = load(ROOT / 'configs/debug/csml_resnet18_1xb128-mcrop-4e_digits.py')
    settle(cfg, work_dir)
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.update(in_channels=64, hid_channels=64)
    cfg.model.queue_len = 64
    cfg.train_cfg.max_epochs = 1
    full = recipe(PAPER.format('-mcrop', 200))
    pipeline = full.train_dataloader.dataset.pipeline
    for steps, side in zip(pipeline[1].transforms, (32, 16), strict=True):
        steps[0].scale = side
    cfg.train_dataloader.batch_size = 16
    cfg.train_dataloader.dataset.update(
        data_root=str(digits), indices=16, pipeline=pipeline
    )
    del cfg.default_hooks.knn_probe
    cfg.views = 'device'
    place_views(cfg)
    return cfg


@pytest.mark.slow
def test_multi_crop_on_the_device(digits, tmp_path):
    """Two steps of eight anchors with views of 32 and 16 pixels."""
    cfg = on_the_device(digits, tmp_path)
    queries = Queries()
    runner = run(cfg, queries)
    # Anchors, positives and mixed images, and six local crops of the anchors.
    assert queries.seen == [*[(8, 3, 32, 32)] * 3, (48, 3, 16, 16)] * 2
    losses = runner.message_hub.log_scalars
    for name in ('loss', 'loss_stage2', 'loss_stage3'):
        values, _ = losses[f'train/{name}'].data
        assert len(values) == 2 and all(map(math.isfinite, values))
    assert int(runner.model.queue_ptr) == 16
    assert type(runner.model.data_preprocessor) is DeviceViews


@pytest.mark.parametrize('number', ['1', '2', '3', '4', '5', 'A.1', '4.5'])
def test_readme_has_the_tables_of_the_paper(number):
    readme = (FOLDER / 'README.md').read_text()
    assert beside_paper(CSML_TABLES[number], []) in readme

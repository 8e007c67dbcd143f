import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import nn

from hirl_mm.engine.hooks import NamedHook
from hirl_mm.engine.runtime.hook_entries import classes_in_custom_hooks
from hirl_mm.engine.trees.mode import MODES
from hirl_mm.models import HIRLAlgorithm
from hirl_mm.models.heads import SwAVLoss
from hirl_mm.registry import MODELS, type_name
from tests.hooks import built_hooks
from tests.recipes import learning_rates

ROOT = Path(__file__).parents[1]
CONFIGS = sorted(
    str(path.relative_to(ROOT / 'configs'))
    for path in (ROOT / 'configs').glob('[!_]*/*.py')
    # Files of studies list configs and are none.
    if path.parent.name not in ('segmentation', 'studies')
)


CONFIGS_OF_MODES = [name for name in CONFIGS if name.startswith('modes/')]

KNN_SETS = 'knn_gallery', 'knn_queries'
# Of several labels per image, or of none, there are no nearest classes.
WITHOUT_KNN = '_coco14.py', '_digit-scenes.py'


def load(name):
    cfg = Config.fromfile(ROOT / 'configs' / name)
    init_default_scope(cfg.default_scope)
    return cfg


def test_there_are_configs():
    assert len(CONFIGS) >= 4


@pytest.mark.slow
@pytest.mark.parametrize('name', CONFIGS)
def test_model_hooks_and_pipelines_build(name):
    cfg = load(name)
    # BEiT's tokenizer would be downloaded; no test needs a network.
    cfg.model.get('target_generator', {}).pop('init_cfg', None)
    model = MODELS.build(cfg.model)
    model.init_weights()
    hooks = built_hooks(cfg)
    names = {type(h).__name__ for h in hooks if isinstance(h, NamedHook)}
    without = name.endswith(WITHOUT_KNN)
    assert all((key in cfg) != without for key in KNN_SETS)
    assert not classes_in_custom_hooks(cfg, names)
    pipelines = [
        cfg.train_dataloader.dataset.pipeline,
        *(cfg[name].pipeline for name in KNN_SETS if name in cfg),
        *(h.pipeline for h in hooks if hasattr(h, 'pipeline')),
    ]
    for pipeline in pipelines:
        assert pipeline[0]['type'] == 'hirl_mm.LoadImage'
        assert len(Compose(pipeline).transforms) == len(pipeline)
    assert cfg.train_dataloader.collate_fn.type == 'hirl_mm.default_collate'
    checkpoint = cfg.default_hooks.checkpoint
    assert checkpoint.type == 'hirl_mm.DurableCheckpointHook'
    if isinstance(model, HIRLAlgorithm):
        assert cfg.find_unused_parameters
        levels = len(cfg.default_hooks.kmeans.num_prototypes)
        assert model.spd_head.num_levels == levels
        without_neck = dict(out_channels=cfg.model.head.get('embed_dims'))
        neck = cfg.model.get('neck') or without_neck
        z0 = neck.get('projection', neck)['out_channels']
        assert model.spd_head.in_channels == z0


PAIRS = [
    (name, plain)
    for name in CONFIGS
    for plain in CONFIGS
    if Path(name).name == f'hirl-{Path(plain).name}'
]


def test_every_recipe_has_its_plain_arm():
    recipes = {name for name in CONFIGS if name.startswith('hirl/')}
    variants = {
        name for name in recipes if re.search('-(tree|patches)_', name)
    }
    with_arm = {name for name, _ in PAIRS}
    assert recipes - variants <= with_arm and len(variants) == 2


@pytest.mark.parametrize(
    'name', [name for name in CONFIGS if 'hirl-ssprl-patches_' in name]
)
def test_patches_of_the_tree_are_the_only_difference(name):
    """Its other arm is HIRL-SS-PRL with a tree over whole images."""
    patches, whole = load(name), load(name.replace('-patches_', '_'))
    assert patches.model.pop('tree_scale') == 1
    _, step, _ = patches.default_hooks.kmeans.pop('pipeline')
    assert step.pop('type') == 'hirl_mm.PatchBySample'
    assert step == patches.pyramid.scales[0]
    del whole.default_hooks.kmeans['pipeline']
    assert patches.to_dict() == whole.to_dict()


@pytest.mark.parametrize(
    'name', [name for name in CONFIGS if 'hirl-csml-tree_' in name]
)
def test_positives_from_the_tree_are_the_only_difference(name):
    """Its other arm is HIRL-CsMl with nearest neighbours throughout."""
    tree = load(name)
    hook = tree.default_hooks.pop('tree_positives')
    assert hook == dict(type='hirl_mm.TreePositivesHook')
    neighbors = load(name.replace('-tree_', '_'))
    assert tree.to_dict() == neighbors.to_dict()


@pytest.mark.parametrize(('name', 'plain_name'), PAIRS)
def test_arms_differ_by_hirl_alone(name, plain_name):
    plain, hirl = load(plain_name), load(name)
    for key in plain:
        if key not in ('model', 'default_hooks', 'find_unused_parameters'):
            assert plain[key] == hirl[key], key
    del hirl.model['spd_head']
    with MODELS.switch_scope_and_registry(plain.default_scope) as registry:
        hirl_class, plain_class = map(
            registry.get, (hirl.model.type, plain.model.type)
        )
    assert hirl_class.__bases__ == (HIRLAlgorithm, plain_class)
    hirl.model.type = plain.model.type
    assert plain.model == hirl.model
    del hirl.default_hooks['kmeans']
    assert hirl.default_hooks == plain.default_hooks


@pytest.mark.parametrize(
    ('recipe', 'nums', 'start_epoch', 'negatives', 'epochs', 'batch', 'lr'),
    [
        (
            'mocov2_resnet50_8xb32-coslr-200e_in1k',
            *((30000, 10000, 1000), 20, 1000, 200, 256, 0.03),
        ),
        (
            'simsiam_resnet50_16xb32-coslr-200e_in1k',
            *((30000, 10000, 1000), 20, 1000, 200, 512, 0.1),
        ),
        (
            'swav_resnet50_32xb128-mcrop-coslr-200e_in1k',
            *((30000, 10000, 1000), 20, 1000, 200, 4096, 4.8),
        ),
        (
            'swav_resnet50_32xb128-mcrop-coslr-800e_in1k',
            *((30000, 10000, 1000), 80, 1000, 800, 4096, 4.8),
        ),
        (
            'mocov3_vit-base-p16_128xb32-amp-coslr-400e_in1k',
            *((30000, 10000, 5000), 40, 100, 400, 4096, 1.6e-3),
        ),
        (
            'dino_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k',
            *((30000, 10000, 5000), 40, 100, 400, 1024, 3e-3),
        ),
        (
            'ibot_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k',
            *((30000, 10000, 1000), 40, 100, 400, 1024, 3e-3),
        ),
        (
            'beit_beit-base-p16_32xb64-amp-coslr-400e_in1k',
            *((30000, 10000, 1000), 40, 100, 400, 2048, 1.5e-3),
        ),
    ],
)
def test_recipe_of_the_paper(
    recipe, nums, start_epoch, negatives, epochs, batch, lr
):
    """Table 1, section 5.1 and A.2; docs/deviations.md has the exceptions."""
    cfg = load(f'hirl/hirl-{recipe}.py')
    kmeans_hook = cfg.default_hooks.kmeans
    assert kmeans_hook.num_prototypes == nums
    assert kmeans_hook.start_epoch == start_epoch
    assert cfg.model.spd_head.num_negatives == negatives
    assert cfg.train_cfg.max_epochs == epochs
    assert max(s.end for s in cfg.param_scheduler) == epochs
    assert cfg.optim_wrapper.optimizer.lr == lr
    processes = int(recipe.split('xb')[0].split('_')[-1])
    assert processes * cfg.train_dataloader.batch_size == batch
    layers = 5 if 'mocov3' in recipe else 2
    assert cfg.model.spd_head.get('num_layers', 2) == layers


@pytest.mark.parametrize('mode', ['fast', 'bank'])
def test_modes_differ_by_the_mode_alone(mode):
    recipe = 'mocov2_resnet50_8xb32{}-coslr-200e_in1k.py'
    faithful = load('hirl/hirl-' + recipe.format(''))
    cheaper = load('modes/hirl-' + recipe.format(f'-{mode}'))
    assert cheaper.default_hooks.kmeans.pop('mode') == mode
    assert cheaper.to_dict() == faithful.to_dict()


def test_every_mode_has_its_config():
    modes = {'faithful', *(h.split('xb32-')[1][:4] for h in CONFIGS_OF_MODES)}
    assert modes == set(MODES)


@pytest.mark.parametrize('name', [n for n in CONFIGS if 'in1k' in n])
def test_every_step_has_whole_batches(name):
    assert load(name).train_dataloader.drop_last


def test_queue_of_the_paper():
    cfg = load('hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py')
    assert cfg.model.queue_len == 65536


def test_predictor_of_simsiam_keeps_the_learning_rate():
    cfg = load('hirl/hirl-simsiam_resnet50_16xb32-coslr-200e_in1k.py')
    (hook,) = [h for h in cfg.custom_hooks if h['type'] == 'SimSiamHook']
    assert hook.fix_pred_lr and hook.lr == cfg.optim_wrapper.optimizer.lr


def test_rest_of_the_recipe_of_beit():
    cfg = load('hirl/hirl-beit_beit-base-p16_32xb64-amp-coslr-400e_in1k.py')
    assert cfg.train_dataloader.drop_last
    dataset = cfg.train_dataloader.dataset
    assert (dataset.split, dataset.data_root) == ('train', 'data/imagenet/')
    assert 'ann_file' not in dataset and 'data_prefix' not in dataset
    warmup, cosine = cfg.param_scheduler
    assert (warmup.begin, warmup.end) == (0, 10)
    assert (cosine.begin, cosine.end, cosine.eta_min) == (10, 400, 1e-5)
    assert 'T_max' not in cosine
    assert cfg.optim_wrapper.type == 'AmpOptimWrapper'
    assert cfg.optim_wrapper.optimizer.weight_decay == 0.05
    assert cfg.optim_wrapper.clip_grad.max_norm == 3.0
    assert cfg.model.backbone.drop_path_rate == 0.1
    assert cfg.model.backbone.layer_scale_init_value == 0.1
    assert cfg.model.target_generator.init_cfg.checkpoint.endswith('.pth')


@pytest.mark.parametrize(
    ('name', 'num_prototypes', 'least', 'most'),
    [('dino', 65536, 0.25, 0.25), ('ibot', 8192, 0.32, 0.32)],
)
def test_recipe_of_self_distillation(name, num_prototypes, least, most):
    """Section A.2 and Table 7; what shares of an image crops cover."""
    cfg = load(
        f'{name}/{name}_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py'
    )
    model = MODELS.build(cfg.model)
    assert model.num_crops == (2, 10) and model.base_momentum == 0.996
    head = model.head
    assert head.last_layer.weight.shape == (num_prototypes, 256)
    assert (head.student_temp, head.center_momentum) == (0.1, 0.9)
    assert head.warmup == dict(first=0.04, last=0.07, num_epochs=50)
    drops = [layer.attn.out_drop for layer in model.backbone.layers]
    assert drops[-1].drop_prob == 0.1 and len(drops) == 12

    pipeline = cfg.train_dataloader.dataset.pipeline
    views = pipeline[1]
    assert sum(views.num_views) == 12
    crops = [transforms[0] for transforms in views.transforms]
    assert [crop.scale for crop in crops] == [224, 224, 96]
    shares = [crop.crop_ratio_range for crop in crops]
    assert shares == [(least, 1.0), (least, 1.0), (0.05, most)]
    assert {crop.interpolation for crop in crops} == {'bicubic'}
    probabilities = [
        {
            type_name(t['type']): t['prob']
            for t in transforms
            if type_name(t['type']) in ('GaussianBlur', 'Solarize')
        }
        for transforms in views.transforms
    ]
    assert probabilities == [
        dict(GaussianBlur=1.0),
        dict(GaussianBlur=0.1, Solarize=0.2),
        dict(GaussianBlur=0.5),
    ]
    masks = [t for t in pipeline if t['type'] == 'hirl_mm.BlockMask']
    assert len(masks) == (name == 'ibot')
    for mask in masks:
        assert mask.ratio_range == (0.1, 0.5) and mask.probability == 0.5

    hooks = cfg.default_hooks
    assert hooks.clip.max_norm == 0.3
    frozen = hooks.frozen_layers
    assert (frozen.layers, frozen.end) == (['head.last_layer'], 3)
    assert frozen.by_epoch
    assert hooks.teacher.type == 'hirl_mm.TeacherUpdateHook'
    assert 'clip_grad' not in cfg.optim_wrapper


@pytest.mark.parametrize('name', ['dino', 'ibot'])
def test_schedules_of_self_distillation(name):
    cfg = load(
        f'{name}/{name}_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py'
    )
    rates = learning_rates(cfg, steps_per_epoch=2)
    assert len(rates) == 800
    assert rates[0] < 1e-8 and rates[10] == pytest.approx(1.5e-3, rel=0.06)
    assert max(rates) == pytest.approx(3e-3) and rates[20] == max(rates)
    assert rates[-1] == pytest.approx(2e-6, rel=0.1)
    (decay,) = [
        s for s in cfg.param_scheduler if s.get('param_name') == 'weight_decay'
    ]
    base = cfg.optim_wrapper.optimizer.weight_decay
    assert (base, base * decay.eta_min_ratio) == (0.04, 0.4)
    assert (decay.begin, decay.end) == (0, 400)


@pytest.mark.parametrize('name', ['dino', 'ibot'])
def test_what_decays_under_self_distillation(name):
    """Weights, positions and tokens; neither biases nor norms."""
    recipe = load(
        f'hirl/hirl-{name}_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py'
    )
    debug = load(f'debug/hirl-{name}_vit-4x64-p8_1xb64-mcrop-4e_digits.py')
    model = MODELS.build(debug.model)
    optim = dict(recipe.optim_wrapper, type='OptimWrapper')
    del optim['loss_scale']
    groups = build_optim_wrapper(model, optim).param_groups
    decay = {p: g['weight_decay'] for g in groups for p in g['params']}
    names = dict(model.named_parameters())
    trained = {key for key, p in names.items() if p.requires_grad}
    assert {key for key, p in names.items() if p in decay} == trained
    for key in trained:
        assert decay[names[key]] == (0.04 if names[key].ndim > 1 else 0), key
    assert any(key.startswith('spd_head.') for key in trained)


def test_weight_decay_of_beits_heads():
    """The base's groups: weights, of BN too, decay and biases do not."""
    cfg = load('debug/hirl-beit_vit-4x64-p8_1xb64-4e_digits.py')
    recipe = load('beit/beit_beit-base-p16_32xb64-amp-coslr-400e_in1k.py')
    optim = dict(recipe.optim_wrapper, type='OptimWrapper')
    del optim['loss_scale']
    model = MODELS.build(cfg.model)
    wrapper = build_optim_wrapper(model, optim)
    decay = {
        parameter: group['weight_decay']
        for group in wrapper.param_groups
        for parameter in group['params']
    }
    heads = dict(model.spd_head.named_parameters())
    assert {decay[p] for k, p in heads.items() if 'bias' in k} == {0.0}
    weights = {k: decay[p] for k, p in heads.items() if 'weight' in k}
    assert set(weights.values()) == {0.05}
    assert any('bn0' in key for key in weights)
    layer = model.backbone.layers[0]
    assert decay[layer.ln1.weight] == decay[layer.attn.v_bias] == 0.0
    assert decay[model.backbone.cls_token] == 0.0
    assert decay[model.backbone.mask_token] == 0.05


@pytest.mark.parametrize(
    ('name', 'epochs', 'rate'),
    [
        ('mocov3/mocov3_vit-base-p16_128xb32-amp-coslr-400e_in1k', 40, 1.6e-3),
        ('beit/beit_beit-base-p16_32xb64-amp-coslr-400e_in1k', 10, 1.5e-3),
    ],
)
def test_warm_up_begins_at_0_and_whole_batches(name, epochs, rate):
    cfg = load(f'{name}.py')
    rates = learning_rates(cfg, steps_per_epoch=2)
    assert 0 < rates[0] < 1e-8 and len(rates) == 800
    assert rates[epochs] == pytest.approx(rate / 2, rel=0.06)
    assert rates[2 * epochs] == pytest.approx(rate) == max(rates)
    assert cfg.train_dataloader.drop_last


def test_constants_of_the_losses():
    """Section A.2 of the paper and those of the methods' authors."""
    moco = load('mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py').model
    assert (moco.momentum, moco.head.temperature) == (0.001, 0.2)
    name = 'mocov3/mocov3_vit-base-p16_128xb32-amp-coslr-400e_in1k.py'
    moco_v3 = load(name).model
    assert (moco_v3.base_momentum, moco_v3.head.temperature) == (0.01, 0.2)
    assert moco_v3.head.loss.loss_weight == 2 * moco_v3.head.temperature


@pytest.mark.parametrize('epochs', [200, 800])
def test_recipe_of_swav(epochs):
    cfg = load(f'swav/swav_resnet50_32xb128-mcrop-coslr-{epochs}e_in1k.py')
    model = MODELS.build(cfg.model)
    loss = model.head.loss_module
    assert isinstance(loss, SwAVLoss)
    assert loss.queue is None and loss.prototypes.weight.shape == (3000, 128)
    assert (loss.epsilon, loss.temperature, loss.num_iters) == (0.05, 0.1, 3)
    assert loss.num_crops == sum(cfg.num_crops) == 8
    assert isinstance(model.backbone.bn1, nn.SyncBatchNorm)
    assert (model.backbone.layer1[0].norm3.weight == 1).all()

    frozen = cfg.default_hooks.frozen_layers
    assert (frozen.layers, frozen.end, frozen.by_epoch) == (
        ['prototypes'],
        313,
        False,
    )
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.momentum, optimizer.weight_decay) == (0.9, 1e-6)
    rates = learning_rates(cfg, steps_per_epoch=3)
    assert rates[0] == pytest.approx(0.3)
    assert rates[29] == pytest.approx(4.8) and max(rates) <= 4.8 + 1e-6
    assert rates[-1] == pytest.approx(4.8e-3, rel=0.02)
    assert len(rates) == 3 * epochs and len(set(rates)) > 2.9 * epochs

"""The trained protocols as configs: recipes against their sources."""

from functools import cache

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, init_default_scope
from torch import nn

from hirl_mm.evaluation.paper_results import (
    CSML_TABLES,
    HCCL_TABLES,
    SSPRL_TABLES,
)
from hirl_mm.registry import MODELS, type_name
from hirl_mm.studies.metrics import figure_of
from tests.runs import ROOT
from tests.test_configs import learning_rates

FOLDER = ROOT / 'configs/evaluation'
CONFIGS = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.glob('[!_]*/*.py')
    if path.parent.name != 'frozen'
)
MINING = [name for name in CONFIGS if name.startswith('mining/')]
STAGES = {
    f'linear/resnet50_8xb32-linear-steplr-100e_in1k{end}.py': channels
    for end, channels in (('-stage2', 512), ('-stage3', 1024), ('', 2048))
}
SCENES = 'demo/resnet18_1xb32-multilabel-10e_scenes.py'
LINEAR = [name for name in CONFIGS if 'linear' in name or name == SCENES]
SEMISUP = {
    f'multilabel/resnet50_1xb{batch}-finetune-steplr-20e_coco14-{p}pct.py': p
    for batch, p in ((32, 1), (128, 10), (128, 100))
}
ASYMMETRIC = 'multilabel/resnet50_1xb128-asymmetric-onecycle-40e_coco14.py'
FINETUNED_VITS = {
    'finetune/vit-base-p16_8xb128-amp-coslr-100e_in1k.py': 4e-3,
    'semisup/vit-base-p16_8xb128-amp-coslr-100e_in1k-1pct.py': 1e-3,
    'semisup/vit-base-p16_8xb128-amp-coslr-100e_in1k-10pct.py': 1e-4,
    'places205/vit-base-p16_8xb128-finetune-amp-coslr-100e_places205.py': 4e-3,
}
BEIT = 'finetune/beit-base-p16_8xb128-amp-coslr-100e_in1k.py'
NORMS = nn.BatchNorm2d, nn.LayerNorm
SMALL = dict(
    embed_dims=24, num_layers=12, num_heads=2, feedforward_channels=24
)


def load(name):
    cfg = Config.fromfile(FOLDER / name)
    init_default_scope(cfg.default_scope)
    return cfg


@cache
def protocol_of(name):
    return load(name).protocol


def build(cfg):
    """The model of a config, a narrow one of a ViT-B."""
    if cfg.model.backbone.get('arch') in ('base', 'deit-base'):
        cfg.model.backbone.arch = SMALL
        cfg.model.backbone.img_size = 32
        cfg.model.head.in_channels = 24
    model = dict(cfg.model, data_preprocessor=cfg.data_preprocessor)
    return MODELS.build(model)


def optimizer_of(cfg, model):
    optim = dict(cfg.optim_wrapper, type='OptimWrapper')
    optim.pop('loss_scale', None)
    return build_optim_wrapper(model, optim).optimizer


def groups_of(cfg, model):
    """Group of the optimizer by parameter name."""
    names = {p: name for name, p in model.named_parameters()}
    return {
        names[p]: group
        for group in optimizer_of(cfg, model).param_groups
        for p in group['params']
    }


def test_every_protocol_has_its_demo():
    for word in ('linear', 'finetune', '1pct', '10pct', 'multilabel'):
        there = [name for name in CONFIGS if word in name]
        assert any(name.startswith('demo/') for name in there)
        assert any(not name.startswith('demo/') for name in there)
    for word in ('transfer-linear', 'transfer-finetune', 'vit'):
        assert any(f'demo/{n}' for n in CONFIGS if word in n)


@pytest.mark.parametrize('name', CONFIGS)
def test_everything_builds(name):
    cfg = load(name)
    model = build(cfg)
    assert type(model).__name__ == 'ImageClassifier'
    if name in MINING:
        assert cfg.load_from == '' and cfg.model.backbone.init_cfg is None
    else:
        assert dict(cfg.model.backbone.init_cfg) == dict(
            type='Pretrained', _scope_='hirl_mm', checkpoint=''
        )
    head = model.head
    assert head.num_classes == cfg.data_preprocessor.num_classes
    with torch.no_grad():
        images = torch.rand(2, 3, 32, 32)
        assert model.eval()(images).shape == (2, head.num_classes)
    optimizer = optimizer_of(cfg, model)
    for scheduler in cfg.param_scheduler:
        defaults = dict(optimizer=optimizer, epoch_length=3)
        PARAM_SCHEDULERS.build(dict(scheduler), default_args=defaults)
        assert scheduler.get('end', 1) <= cfg.train_cfg.max_epochs
        last = max(scheduler.get('milestones', [0]))
        assert last < cfg.train_cfg.max_epochs
    for loader in cfg.train_dataloader, cfg.val_dataloader:
        pipeline = loader.dataset.pipeline
        assert pipeline[0]['type'] == 'hirl_mm.LoadImage'
        assert len(Compose(pipeline).transforms) == len(pipeline)
        wanted = loader.dataset.get('num_classes', head.num_classes)
        assert wanted == head.num_classes
    assert cfg.train_dataloader.sampler.shuffle
    assert not cfg.val_dataloader.sampler.shuffle


@pytest.mark.parametrize('name', CONFIGS)
def test_batch_and_epochs_are_those_of_the_name(name):
    cfg = load(name)
    words = name.split('_')[1].split('-')
    processes, batch = map(int, words[0].split('xb'))
    assert cfg.train_dataloader.batch_size == batch
    assert cfg.auto_scale_lr.base_batch_size == processes * batch
    (epochs,) = (int(w[:-1]) for w in words if w[:-1].isdigit())
    assert cfg.train_cfg.max_epochs == epochs
    assert isinstance(cfg.protocol.name, str)
    kind = type_name(cfg.val_evaluator.type)
    metric = {
        'Accuracy': 'accuracy/top1',
        'VOCAveragePrecision': 'multi-label/mAP',
        'AveragePrecision': 'multi-label/mAP',
    }
    assert cfg.protocol.metric == metric[kind]


def test_protocols_are_told_apart():
    names = [
        (protocol_of(name).name, name.split('/')[-1].split('_')[0])
        for name in CONFIGS
        if not name.startswith('demo/')
    ]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize('name', LINEAR)
def test_frozen_backbone_is_in_evaluation_mode(name):
    model = build(load(name)).train()
    backbone = model.backbone
    norms = [m for m in backbone.modules() if isinstance(m, NORMS)]
    assert norms and not any(m.training for m in norms)
    assert not any(p.requires_grad for p in backbone.parameters())
    assert all(p.requires_grad for p in model.head.parameters())
    before = {k: v.clone() for k, v in backbone.state_dict().items()}
    images = torch.rand(4, 3, 32, 32)
    trained = backbone(images)[-1]
    backbone.eval()
    torch.testing.assert_close(trained, backbone(images)[-1])
    for key, value in backbone.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_frozen_vit_drops_no_path():
    cfg = load('linear/vit-base-p16_8xb128-linear-coslr-100e_in1k.py')
    cfg.model.backbone.drop_path_rate = 0.9
    backbone = build(cfg).backbone.train()
    images = torch.rand(4, 3, 32, 32)
    assert torch.equal(backbone(images)[0], backbone(images)[0])
    cfg.model.backbone.frozen_stages = -1
    backbone = build(cfg).backbone.train()
    assert backbone.layers[0].training and backbone.ln1.training


@pytest.mark.parametrize(
    'name',
    [n for n in CONFIGS if n.startswith('linear/') and n not in STAGES],
)
def test_recipe_of_linear_classifiers(name):
    cfg = load(name)
    optimizer = cfg.optim_wrapper.optimizer
    assert optimizer == dict(
        type='mmpretrain.LARS', lr=0.4, momentum=0.9, weight_decay=0.0
    )
    epochs = 90 if '-90e_' in name else 100
    rates = learning_rates(cfg, steps_per_epoch=2)
    assert (rates[0], rates[epochs]) == (0.4, pytest.approx(0.2))
    assert len(rates) == 2 * epochs and rates[-1] < 2e-4
    assert epochs % cfg.train_cfg.val_interval == 0
    pipeline = cfg.train_dataloader.dataset.pipeline
    kinds = [type_name(t.type) for t in pipeline[1:-1]]
    assert kinds == ['RandomResizedCrop', 'RandomFlip']


@pytest.mark.parametrize('name', STAGES)
def test_recipe_of_linear_classifiers_of_csml(name):
    """MoCo's, as in the released code: 30, divided by 10 at 60 and 80."""
    cfg = load(name)
    assert cfg.optim_wrapper.optimizer == dict(
        type='SGD', lr=30.0, momentum=0.9, weight_decay=0.0
    )
    rates = learning_rates(cfg, steps_per_epoch=1)
    assert rates == pytest.approx([30.0] * 60 + [3.0] * 20 + [0.3] * 20)
    assert cfg.auto_scale_lr.base_batch_size == 256
    pipeline = cfg.train_dataloader.dataset.pipeline
    kinds = [type_name(t.type) for t in pipeline[1:-1]]
    assert kinds == ['RandomResizedCrop', 'RandomFlip']


def test_linear_classifiers_at_stages(tmp_path):
    """Each sees the pooled maps of its stage of the same checkpoint."""
    whole = build(load(next(reversed(STAGES)))).backbone
    whole.eval()
    for index, value in enumerate(whole.state_dict().values()):
        if value.is_floating_point():
            value.mul_(1 + index % 7 / 100)
    state = {f'backbone.{k}': v for k, v in whole.state_dict().items()}
    torch.save(dict(state_dict=state), tmp_path / 'a.pth')
    images = torch.rand(2, 3, 64, 64)
    maps = whole.maxpool(whole.relu(whole.norm1(whole.conv1(images))))
    expected = {}
    for layer in whole.res_layers:
        maps = getattr(whole, layer)(maps)
        expected[maps.size(1)] = maps.mean(dim=(2, 3))
    for name, channels in STAGES.items():
        cfg = load(name)
        cfg.model.backbone.init_cfg.checkpoint = str(tmp_path / 'a.pth')
        model = build(cfg)
        model.init_weights()
        model.train()
        assert model.head.fc.in_features == channels
        (found,) = model.extract_feat(images)
        torch.testing.assert_close(found, expected[channels])


@pytest.mark.parametrize(
    ('name', 'encoder', 'head', 'batch'),
    [
        ('finetune/resnet50_8xb128-steplr-20e_in1k', 0.1, 1.0, 1024),
        (
            'places205/resnet50_8xb128-finetune-steplr-20e_places205',
            *(0.1, 1.0, 1024),
        ),
        ('semisup/resnet50_8xb32-steplr-20e_in1k-1pct', 0.02, 5.0, 256),
        ('semisup/resnet50_8xb32-steplr-20e_in1k-10pct', 0.01, 0.2, 256),
    ],
)
def test_recipe_of_finetuned_cnns(name, encoder, head, batch):
    """H21, H22 and section A.2: two rates, both divided by 5 twice."""
    cfg = load(f'{name}.py')
    model = build(cfg)
    assert isinstance(model.backbone.bn1, nn.SyncBatchNorm)
    assert model.data_preprocessor.batch_augments is None
    groups = groups_of(cfg, model)
    for key, group in groups.items():
        rate = head if key.startswith('head.') else encoder
        assert group['lr'] == pytest.approx(rate), key
        assert (group['weight_decay'], group['momentum']) == (0, 0.9)
    assert {key for key, _ in model.named_parameters()} == set(groups)
    assert cfg.auto_scale_lr.base_batch_size == batch
    assert cfg.train_dataloader.drop_last
    rates = learning_rates(cfg, steps_per_epoch=1)
    expected = [1.0] * 12 + [0.2] * 4 + [0.04] * 4
    assert rates == pytest.approx([encoder * r for r in expected])


@pytest.mark.parametrize('percent', [1, 10])
def test_recipe_of_few_labels_of_hccl(percent):
    """Section B.5: 0.02 and, as printed, 300; Nesterov; a cosine to 0."""
    cfg = load(f'semisup/resnet50_8xb32-coslr-20e_in1k-{percent}pct.py')
    model = build(cfg)
    assert isinstance(model.backbone.bn1, nn.SyncBatchNorm)
    assert model.data_preprocessor.batch_augments is None
    assert cfg.model.head.loss == dict(type='CrossEntropyLoss')
    groups = groups_of(cfg, model)
    assert {key for key, _ in model.named_parameters()} == set(groups)
    for key, group in groups.items():
        rate = 300 if key.startswith('head.') else 0.02
        assert group['lr'] == pytest.approx(rate), key
        assert (group['weight_decay'], group['momentum']) == (0, 0.9)
        assert group['nesterov']
    rates = learning_rates(cfg, steps_per_epoch=2)
    assert len(rates) == 40 and rates[0] == 0.02
    assert rates[20] == pytest.approx(0.01) and rates[-1] < 2e-4
    pipeline = cfg.train_dataloader.dataset.pipeline
    kinds = [type_name(t.type) for t in pipeline[1:-1]]
    assert kinds == ['RandomResizedCrop', 'RandomFlip']
    assert cfg.protocol.further_metrics == ['accuracy/top5']


@pytest.mark.parametrize('percent', [1, 10])
def test_recipe_of_few_labels_of_csml(percent):
    """Section 4.2: 60 epochs, 1e-4 and 10; the rest is decision D.7."""
    cfg = load(f'semisup/resnet50_8xb32-coslr-60e_in1k-{percent}pct.py')
    model = build(cfg)
    assert model.data_preprocessor.batch_augments is None
    assert cfg.model.head.loss == dict(type='CrossEntropyLoss')
    groups = groups_of(cfg, model)
    assert {key for key, _ in model.named_parameters()} == set(groups)
    for key, group in groups.items():
        rate = 10 if key.startswith('head.') else 1e-4
        assert group['lr'] == pytest.approx(rate), key
        assert (group['weight_decay'], group['momentum']) == (0, 0.9)
        assert not group['nesterov']
    rates = learning_rates(cfg, steps_per_epoch=2)
    assert len(rates) == 120 and rates[0] == 1e-4
    assert rates[60] == pytest.approx(5e-5) and rates[-1] < 1e-6
    pipeline = cfg.train_dataloader.dataset.pipeline
    kinds = [type_name(t.type) for t in pipeline[1:-1]]
    assert kinds == ['RandomResizedCrop', 'RandomFlip']
    assert cfg.protocol.further_metrics == ['accuracy/top5']


@pytest.mark.parametrize('percent', [1, 10])
def test_recipe_of_mined_labels(percent):
    """Section 4.2: 90 epochs, 1e-4 and 1e-2, divided by 10 every 30."""
    cfg = load(f'mining/resnet50_8xb32-steplr-90e_in1k-{percent}pct.py')
    groups = groups_of(cfg, build(cfg))
    for key, group in groups.items():
        rate = 1e-2 if key.startswith('head.') else 1e-4
        assert group['lr'] == pytest.approx(rate), key
        assert (group['weight_decay'], group['momentum']) == (1e-4, 0.9)
    rates = learning_rates(cfg, steps_per_epoch=1)
    expected = [1.0] * 30 + [0.1] * 30 + [0.01] * 30
    assert rates == pytest.approx([1e-4 * r for r in expected])
    few = load(f'semisup/resnet50_8xb32-coslr-60e_in1k-{percent}pct.py')
    data = dict(few.train_dataloader.dataset)
    # The file that tools/mine_labels.py writes beside the list.
    data['ann_file'] = f'meta/{percent}percent-mined.txt'
    assert cfg.train_dataloader.dataset == data
    assert cfg.val_dataloader == few.val_dataloader
    assert cfg.protocol.further_metrics == ['accuracy/top5']


@pytest.mark.parametrize('name', [*FINETUNED_VITS, BEIT])
def test_rates_of_layers(name):
    """0.65^(13 - layer): 0 for embeddings, i + 1 for block i, 13 the rest."""
    cfg = load(name)
    rate = FINETUNED_VITS.get(name, 2.8e-3)
    model = build(cfg)
    groups = groups_of(cfg, model)
    assert {key for key, _ in model.named_parameters()} == set(groups)
    for key, parameter in model.named_parameters():
        words = key.split('.')
        layer = 13
        if words[1] in ('cls_token', 'pos_embed', 'patch_embed'):
            layer = 0
        elif words[:2] == ['backbone', 'layers']:
            layer = int(words[2]) + 1
        expected = rate * 0.65 ** (13 - layer)
        assert groups[key]['lr'] == pytest.approx(expected), key
        flat = parameter.ndim == 1 or words[1] in ('cls_token', 'pos_embed')
        decay = 0.0 if flat else 0.05
        assert groups[key]['weight_decay'] == decay, key


@pytest.mark.parametrize('name', [*FINETUNED_VITS, BEIT])
def test_rates_of_finetuned_vits_over_time(name):
    """20 epochs from 1e-6, then a cosine to 1e-6 (0 for BEiT), per layer."""
    cfg = load(name)
    rate = FINETUNED_VITS.get(name, 2.8e-3)
    rates = learning_rates(cfg, steps_per_epoch=4)
    assert rates[0] == pytest.approx(1e-6)
    assert rates[40] == pytest.approx(rate / 2, rel=0.03)
    assert rates[80] == pytest.approx(rate) == max(rates)
    assert rates[240] == pytest.approx(rate / 2, rel=0.02)
    least = 0 if name == BEIT else 1e-6
    assert least <= rates[-1] < least + 1e-4 * rate
    # The lowest layer's rate, 270 times smaller, never rises again.
    cfg.optim_wrapper.optimizer.lr = rate * 0.65**13
    lowest = learning_rates(cfg, steps_per_epoch=4)
    assert lowest == pytest.approx([r * 0.65**13 for r in rates], rel=1e-4)


@pytest.mark.parametrize('name', [*FINETUNED_VITS, BEIT])
def test_regularisation_of_finetuned_vits(name):
    cfg = load(name)
    assert cfg.optim_wrapper.type == 'AmpOptimWrapper'
    assert cfg.optim_wrapper.optimizer.betas == (0.9, 0.999)
    assert cfg.model.train_cfg.augments == [
        dict(type='Mixup', alpha=0.8),
        dict(type='CutMix', alpha=1.0),
    ]
    model = build(cfg)
    drops = [m.drop_prob for m in model.modules() if hasattr(m, 'drop_prob')]
    assert max(drops) == (0.1 if name == BEIT else 0.2)
    assert cfg.model.head.loss == dict(
        type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'
    )
    model.backbone.init_cfg = None
    model.init_weights()
    assert 1e-5 < model.head.fc.weight.std() < 3e-5
    pipeline = {
        type_name(t.type): t for t in cfg.train_dataloader.dataset.pipeline
    }
    augment = pipeline['RandAugment']
    assert (augment.magnitude_level, augment.magnitude_std) == (9, 0.5)
    assert (augment.policies, augment.num_policies) == ('timm_increasing', 2)
    erasing = pipeline['RandomErasing']
    assert (erasing.erase_prob, erasing.mode) == (0.25, 'rand')


def test_beit_has_positions_in_every_layer_and_a_mean():
    model = build(load(BEIT))
    assert model.backbone.out_type == 'avg_featmap'
    keys = {name for name, _ in model.named_parameters()}
    tables = [k for k in keys if 'relative_position_bias_table' in k]
    assert len(tables) == 12 and 'backbone.pos_embed' not in keys


@pytest.mark.parametrize(
    ('name', 'epochs', 'steps', 'classes'),
    [
        (
            'places205/resnet50_8xb32-linear-steplr-30e_places205',
            *(30, [10, 20], 205),
        ),
        (
            'inat2018/resnet50_8xb32-linear-steplr-84e_inat2018',
            *(84, [28, 56], 8142),
        ),
    ],
)
def test_recipe_of_linear_transfer(name, epochs, steps, classes):
    """HCCL, section 4.3."""
    cfg = load(f'{name}.py')
    assert cfg.optim_wrapper.optimizer == dict(
        type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4
    )
    assert cfg.auto_scale_lr.base_batch_size == 256
    rates = learning_rates(cfg, steps_per_epoch=1)
    assert len(rates) == epochs and cfg.model.head.num_classes == classes
    assert [rates[0], rates[steps[0]], rates[steps[1]]] == pytest.approx(
        [0.01, 1e-3, 1e-4]
    )
    assert rates[steps[0] - 1] == 0.01 and rates[-1] == pytest.approx(1e-4)
    files = {
        loader.dataset.ann_file
        for loader in (cfg.train_dataloader, cfg.val_dataloader)
    }
    assert files == {'meta/train.txt', 'meta/val.txt'}


@pytest.mark.parametrize(
    'name', [n for n in LINEAR if n.startswith('multilabel/')]
)
def test_recipe_of_multi_label_classifiers(name):
    """SS-PRL's supplement: all images alike, three equal steps."""
    cfg = load(name)
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.momentum, optimizer.weight_decay) == (0.9, 1e-4)
    assert 1e-3 <= optimizer.lr <= 3
    check_what_ssprl_shares(cfg)
    rates = learning_rates(cfg, steps_per_epoch=1)
    counts = [rates.count(r) for r in sorted(set(rates), reverse=True)]
    assert counts == [13, 12, 13, 12]


def check_what_ssprl_shares(cfg):
    """Section C.6: images, targets, loss, start, clipped gradients."""
    train, val = cfg.train_dataloader.dataset, cfg.val_dataloader.dataset
    assert train.pipeline == val.pipeline
    kinds = [type_name(t.type) for t in train.pipeline[1:-1]]
    assert kinds == ['ResizeEdge', 'CenterCrop']
    assert 'gt_label_difficult' in train.pipeline[-1].meta_keys
    assert cfg.data_preprocessor.to_onehot
    assert cfg.optim_wrapper.clip_grad == dict(max_norm=10)
    model = build(cfg)
    assert type(model.head.loss_module).__name__ == 'CrossEntropyLoss'
    assert model.head.loss_module.use_sigmoid
    model.head.init_weights()
    spread = model.head.fc.weight.std().item()
    assert spread == pytest.approx(0.01, rel=0.05)
    assert (model.head.fc.bias == 0.1).all()


@pytest.mark.parametrize('name', SEMISUP)
def test_recipe_of_few_labels_of_ssprl(name):
    """Section C.6: two rates, x 0.2 at epochs 12 and 16; all is trained."""
    cfg, percent = load(name), SEMISUP[name]
    check_what_ssprl_shares(cfg)
    model = build(cfg).train()
    groups = groups_of(cfg, model)
    assert {key for key, _ in model.named_parameters()} == set(groups)
    for key, group in groups.items():
        rate = 0.1 if key.startswith('head.') else 1e-3
        assert group['lr'] == pytest.approx(rate), key
        assert (group['weight_decay'], group['momentum']) == (1e-4, 0.9)
    assert all(p.requires_grad for p in model.parameters())
    assert model.backbone.bn1.training
    assert isinstance(model.backbone.bn1, nn.SyncBatchNorm)
    rates = learning_rates(cfg, steps_per_epoch=1)
    expected = [1.0] * 12 + [0.2] * 4 + [0.04] * 4
    assert rates == pytest.approx([1e-3 * r for r in expected])
    part = '' if percent == 100 else f'-{percent}pct'
    train, val = cfg.train_dataloader.dataset, cfg.val_dataloader.dataset
    assert train.ann_file == f'annotations/multilabel_train2014{part}.json'
    assert val.ann_file == 'annotations/multilabel_val2014.json'
    assert (train.data_prefix, val.data_prefix) == ('train2014', 'val2014')
    assert cfg.protocol.name == f'coco14-semisup-{percent}pct'


def test_recipe_of_the_asymmetric_transfer():
    """Section C.6, and the training of the loss's released code."""
    cfg = load(ASYMMETRIC)
    model = build(cfg)
    loss = model.head.loss_module
    assert (loss.gamma_pos, loss.gamma_neg, loss.clip) == (0, 4, 0.05)
    assert all(p.requires_grad for p in model.parameters())
    optimizer = optimizer_of(cfg, model)
    assert type(optimizer) is torch.optim.Adam
    for key, group in groups_of(cfg, model).items():
        flat = dict(model.named_parameters())[key].ndim == 1
        assert group['weight_decay'] == (0 if flat else 1e-4), key
        assert group['lr'] == 8e-6
    train, val = (
        [(type_name(t.type), t.get('scale')) for t in loader.dataset.pipeline]
        for loader in (cfg.train_dataloader, cfg.val_dataloader)
    )
    assert val[1:-1] == [('Resize', (448, 448))] == train[1:2]
    assert [kind for kind, _ in train[2:-1]] == ['Cutout', 'RandAugment']
    (hook,) = cfg.custom_hooks
    assert (hook.momentum, hook.update_buffers) == (3e-4, True)


def test_cycle_of_the_asymmetric_transfer():
    """PyTorch's OneCycleLR with a fifth of the steps up, which it follows."""
    cfg, epochs, length = load(ASYMMETRIC), 40, 5
    layer = nn.Linear(1, 1)
    wrapper = dict(type='OptimWrapper', optimizer=cfg.optim_wrapper.optimizer)
    ours = build_optim_wrapper(layer, wrapper).optimizer
    schedulers = [
        PARAM_SCHEDULERS.build(
            dict(scheduler),
            default_args=dict(optimizer=ours, epoch_length=length),
        )
        for scheduler in cfg.param_scheduler
    ]
    other = torch.optim.Adam(layer.parameters())
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        other, 2e-4, total_steps=epochs * length, pct_start=0.2
    )
    rates = []
    for step in range(epochs * length):
        (group,), (wanted,) = ours.param_groups, other.param_groups
        # Two parts of 8 and 32 epochs are a step longer than PyTorch's.
        assert group['lr'] == pytest.approx(wanted['lr'], abs=8e-6), step
        momenta = group['betas'][0], wanted['betas'][0]
        assert momenta[0] == pytest.approx(momenta[1], abs=4e-3), step
        rates.append(group['lr'])
        ours.step(), other.step()
        for scheduler in schedulers:
            scheduler.step()
        if step < epochs * length - 1:
            cycle.step()
    assert rates[0] == 8e-6 and rates[-1] < 4e-8
    assert max(rates) == rates[40] == pytest.approx(2e-4, rel=2e-3)


@pytest.mark.parametrize('percent', [1, 10])
@pytest.mark.parametrize(
    ('recipe', 'protocol'),
    [
        ('resnet50_8xb32-steplr-20e', 'semisup'),
        ('resnet50_8xb32-coslr-20e', 'semisup-coslr'),
        ('resnet50_8xb32-coslr-60e', 'semisup-60e'),
        ('vit-base-p16_8xb128-amp-coslr-100e', 'semisup'),
    ],
)
def test_few_labels_come_from_the_list(percent, recipe, protocol):
    cfg = load(f'semisup/{recipe}_in1k-{percent}pct.py')
    dataset = cfg.train_dataloader.dataset
    assert dataset.type == 'hirl_mm.LabelledImages'
    assert dataset.data_root + dataset.ann_file == (
        f'data/imagenet/meta/{percent}percent.txt'
    )
    assert dataset.data_prefix == 'train' and 'split' not in dataset
    assert cfg.val_dataloader.dataset.split == 'val'
    assert cfg.protocol.name == f'{protocol}-{percent}pct'


def test_all_few_labels_are_tested():
    names = [name for name in CONFIGS if name.startswith('semisup/')]
    assert len(names) == 8


@pytest.mark.parametrize(
    ('tables', 'others', 'frozen'),
    [
        # Other tables are of detectors, or of no protocol.
        (HCCL_TABLES, (4, 9), {('linear SVM', 'mAP, interpolated')}),
        (CSML_TABLES, ('4', '5'), {('kNN', 'k=20'), ('kNN', 'k=200')}),
        # Table S-A is of segmentation.
        (SSPRL_TABLES, ('S-A',), set()),
    ],
)
def test_figures_of_papers_are_of_protocols_here(tables, others, frozen):
    """Every key of a paper's tables is logged by one of the configs."""
    figures = set()
    for name in CONFIGS:
        protocol = protocol_of(name)
        for metric in protocol.metric, *protocol.get('further_metrics', []):
            figures.add((protocol.name, figure_of(metric)))
    keys = {
        cell.key
        for number, table in tables.items()
        for cell in table.cells()
        if number not in others
    }
    assert keys - figures == frozen

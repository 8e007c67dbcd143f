"""init_cfg=dict(type='Pretrained', _scope_='hirl_mm', ...) in configs."""

from collections import OrderedDict

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import initialize
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import nn

from hirl_mm.registry import MODELS
from tests.algorithms import RESNET, VIT
from tests.trained_files import logged, save, trained
from tests.training_tool import train

STRICT = dict(type='Pretrained', _scope_='hirl_mm')


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Method -> its model and its checkpoint."""
    folder = tmp_path_factory.mktemp('files')
    models = {name: trained(name) for name in ('MoCo', 'DINO', 'MoCoV3')}
    return {
        name: (model, save(model.state_dict(), folder, f'{name}.pth'))
        for name, model in models.items()
    }


def equal_weights(network, source):
    for key, value in source.state_dict().items():
        assert torch.equal(network.state_dict()[key], value), key


def initialised(cfg, scope='mmpretrain'):
    init_default_scope(scope)
    model = MODELS.build(cfg)
    model.init_weights()
    return model


def classifier(checkpoint, **init_cfg):
    return dict(
        type='ImageClassifier',
        backbone=dict(
            RESNET,
            frozen_stages=4,
            norm_eval=True,
            init_cfg=dict(STRICT, checkpoint=checkpoint, **init_cfg),
        ),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(type='LinearClsHead', num_classes=10, in_channels=64),
    )


def test_backbone_of_a_classifier(files):
    model, path = files['MoCo']
    with logged() as records:
        found = initialised(classifier(path))
    equal_weights(found.backbone, model.backbone)
    texts = [text for _, text in records]
    assert f"ResNet from {path}, prefix='backbone.': 100 of 100" in str(texts)
    (info,) = [t for t in texts if t.startswith('\nbackbone.conv1.weight')]
    assert f'StrictPretrained: {path}' in info


def test_prefix_of_the_config(files):
    model, path = files['MoCo']
    found = initialised(classifier(path, prefix='encoder_k.module.0.'))
    equal_weights(found.backbone, model.encoder_k.module[0])


def test_zero_init_residual_does_not_overwrite(files):
    model, path = files['MoCo']
    cfg = classifier(path)
    cfg['backbone']['zero_init_residual'] = True
    cfg['backbone']['init_cfg'] = [
        dict(type='Kaiming', layer='Conv2d'),
        cfg['backbone']['init_cfg'],
    ]
    equal_weights(initialised(cfg).backbone, model.backbone)


@pytest.mark.parametrize('as_list', [False, True])
@pytest.mark.parametrize(
    ('name', 'kind'),
    [
        ('DINO', 'VisionTransformer'),
        ('DINO', 'hirl_mm.DINOViT'),
        ('MoCoV3', 'MoCoV3ViT'),
    ],
)
def test_vision_transformers(name, kind, as_list, files):
    """Their own initialisation after init_cfg does not overwrite."""
    model, path = files[name]
    init_cfg = dict(STRICT, checkpoint=path)
    found = initialised(
        dict(VIT, type=kind, init_cfg=[init_cfg] if as_list else init_cfg)
    )
    source = model.teacher if name == 'DINO' else model
    equal_weights(found, source.backbone)


def test_backbone_of_a_detector(files):
    pytest.importorskip('mmdet.models')
    model, path = files['MoCo']
    channels = dict(num_classes=3, in_channels=8)
    found = initialised(
        dict(
            type='RetinaNet',
            backbone=dict(
                RESNET,
                type='mmdet.ResNet',
                norm_eval=True,
                init_cfg=dict(STRICT, checkpoint=path),
            ),
            neck=dict(
                type='FPN',
                in_channels=[8, 16, 32, 64],
                out_channels=8,
                num_outs=5,
            ),
            bbox_head=dict(
                type='RetinaHead', stacked_convs=1, feat_channels=8, **channels
            ),
        ),
        scope='mmdet',
    )
    equal_weights(found.backbone, model.backbone)


def test_module_that_is_not_mmengines(files):
    model, path = files['MoCo']
    plain = nn.Sequential(OrderedDict(conv1=nn.Conv2d(3, 8, 7, bias=False)))
    initialize(plain, dict(STRICT, checkpoint=path))
    assert torch.equal(plain.conv1.weight, model.backbone.conv1.weight)


def test_config_without_a_checkpoint():
    message = '--cfg-options model.backbone.init_cfg.checkpoint=FILE'
    with pytest.raises(ValueError, match=message):
        initialised(classifier(''))
    cfg = classifier('')
    del cfg['backbone']['init_cfg']['checkpoint']
    with pytest.raises(ValueError, match=message):
        initialised(cfg)


def test_error_reaches_the_person(files):
    with pytest.raises(ValueError, match='holds 0 of the 100 weights'):
        initialised(classifier(files['DINO'][1]))


def downstream(digits, checkpoint, work_dir):
    """A linear classifier on frozen features of 40 digits."""
    return Config(
        dict(
            default_scope='mmpretrain',
            model=classifier(checkpoint),
            data_preprocessor=dict(num_classes=10, mean=[127.5], std=[127.5]),
            train_dataloader=dict(
                batch_size=8,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=True),
                collate_fn=dict(type='default_collate'),
                dataset=dict(
                    type='CustomDataset',
                    data_root=str(digits),
                    data_prefix='train',
                    indices=40,
                    pipeline=[
                        dict(type='LoadImageFromFile'),
                        dict(type='PackInputs'),
                    ],
                ),
            ),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            train_cfg=dict(by_epoch=True, max_epochs=1),
            work_dir=str(work_dir),
            experiment_name=work_dir.name,
        )
    )


class FirstWeights(Hook):
    """The model's weights as the first step finds them."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if not hasattr(self, 'state'):
            state = runner.model.state_dict()
            self.state = {k: v.clone() for k, v in state.items()}


def first_weights(cfg):
    runner, hook = Runner.from_cfg(cfg), FirstWeights()
    runner.register_hook(hook)
    runner.train()
    return hook.state, runner.model.state_dict()


def test_run_starts_from_the_checkpoint_and_resumes_from_its_own(
    files, digits, tmp_path
):
    model, path = files['MoCo']
    cfg = downstream(digits, path, tmp_path / 'run')
    cfg.model.backbone.update(frozen_stages=-1, norm_eval=False)
    first, last = first_weights(cfg)
    source = model.backbone.state_dict()
    for key, value in source.items():
        assert torch.equal(first[f'backbone.{key}'], value), key
    assert not torch.equal(
        last['backbone.conv1.weight'], source['conv1.weight']
    )
    cfg.resume, cfg.train_cfg.max_epochs = True, 2
    cfg.experiment_name = 'resumed'
    first, _ = first_weights(cfg)
    for key, value in last.items():
        assert torch.equal(first[key], value), key


def test_training_tool_with_the_option_of_the_command_line(
    files, digits, tmp_path
):
    model, path = files['MoCo']
    cfg = downstream(digits, '', tmp_path / 'tool')
    cfg.dump(tmp_path / 'linear.py')
    option = f'model.backbone.init_cfg.checkpoint={path}'
    said = train(
        tmp_path / 'linear.py', tmp_path / 'tool', '--cfg-options', option
    )
    assert "prefix='backbone.': 100 of 100 weights loaded" in said
    assert f'{path}; not loaded, at initial weights: head' in said
    saved = torch.load(tmp_path / 'tool/epoch_1.pth', weights_only=True)
    for key, value in model.backbone.state_dict().items():
        assert torch.equal(saved['state_dict'][f'backbone.{key}'], value), key

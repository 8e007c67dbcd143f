"""A config that trains MMPreTrain's classifier on a list of labels."""

import inspect
import os
from collections.abc import Iterator, Mapping, Sequence

import torch
from mmengine.config import Config
from mmpretrain.models import BEiTViT, ResNet, VisionTransformer
from mmpretrain.registry import MODELS

from hirl_mm.checkpoints.pixels import config_normalisation
from hirl_mm.files import replacing
from hirl_mm.models import RegisterViT
from hirl_mm.registry import enter_scope, type_name

_BATCH = 64
# The schedules of configs/evaluation/finetune, per image of a batch.
_CNN_RATE, _VIT_RATE = 0.1 / 1024, 4e-3 / 1024

# Arguments of a RegisterViT that MMPreTrain's class does not have.
_REGISTER_VIT = 'num_registers', 'rotary'


def write_classifier_config(
    out: str | os.PathLike,
    cfg: Config,
    checkpoint: str | os.PathLike,
    ann_file: str | os.PathLike,
    class_names: Sequence[str],
    num_images: int,
    folder: str = '',
) -> None:
    """Write a config that fine-tunes the backbone of a pre-training.

    Schedule and optimizer are those of ``configs/evaluation/finetune``, the
    crop is that of the pre-training. There is no validation: its images
    should be others than those that voted.

    Args:
        out: Config file to write.
        cfg: Config of the pre-training.
        checkpoint: Checkpoint of the pre-training.
        ann_file: List with a line ``path label`` per image.
        class_names: Names of the classes in the order of their labels.
        num_images: Number of images of the list.
        folder: Folder to which relative paths in the list refer.

    Raises:
        ValueError: If the backbone is none that a classifier can have.
    """
    enter_scope(cfg)
    batch = min(_BATCH, num_images)
    model = _model(cfg, checkpoint, len(class_names))
    parts = dict(
        default_scope='mmpretrain',
        data_preprocessor=_preprocessor(cfg, len(class_names)),
        model=model,
        train_dataloader=dict(
            batch_size=batch,
            num_workers=int(cfg.train_dataloader.get('num_workers', 0)),
            drop_last=True,
            sampler=dict(type='DefaultSampler', shuffle=True),
            dataset=dict(
                type='hirl_mm.LabelledImages',
                ann_file=os.path.abspath(ann_file),
                num_classes=len(class_names),
                classes=list(class_names),
                data_prefix=os.path.abspath(folder) if folder else '',
                pipeline=_pipeline(cfg),
            ),
        ),
        randomness=dict(seed=0),
    )
    parts |= _schedule(model['backbone'], batch)
    with replacing(out) as temporary:
        temporary.write_text(_text(parts), encoding='utf-8')


def _model(
    cfg: Config, checkpoint: str | os.PathLike, num_classes: int
) -> dict:
    backbone = _backbone(_plain(cfg.model.backbone))
    with torch.no_grad():
        size = _crop(cfg)['scale']
        height, width = (size, size) if isinstance(size, int) else size
        built = MODELS.build(backbone)
        # That of MMPreTrain's ResNet returns nothing.
        built.eval()
        feature = built(torch.zeros(1, 3, height, width))[-1]
    neck = dict(type='GlobalAveragePooling') if feature.ndim == 4 else None
    return dict(
        type='ImageClassifier',
        backbone=backbone
        | dict(
            init_cfg=dict(
                type='Pretrained',
                _scope_='hirl_mm',
                checkpoint=os.path.abspath(checkpoint),
            )
        ),
        neck=neck,
        head=dict(
            type='LinearClsHead',
            num_classes=num_classes,
            in_channels=feature.size(1),
            loss=dict(type='CrossEntropyLoss'),
        ),
    )


def _backbone(cfg: dict) -> dict:
    """Return the config of the network as a classifier has it."""
    found = cfg['type']
    if isinstance(found, str):
        found = MODELS.get(found) or object
    if issubclass(found, ResNet):
        return {k: v for k, v in cfg.items() if k != 'init_cfg'}
    for kind, out_type in (
        (BEiTViT, 'avg_featmap'),
        (VisionTransformer, 'cls_token'),
    ):
        if issubclass(found, kind):
            taken = set(inspect.signature(kind.__init__).parameters)
            taken -= {'init_cfg', 'frozen_stages', 'out_type'}
            kept = {k: v for k, v in cfg.items() if k in taken}
            parts = {k: cfg[k] for k in _REGISTER_VIT if cfg.get(k)}
            name = f'hirl_mm.{RegisterViT.__name__}'
            name = name if parts else kind.__name__
            return kept | parts | dict(type=name, out_type=out_type)
    raise ValueError(
        f'a classifier with the backbone {type_name(cfg["type"])} cannot be '
        'written: take a config of configs/evaluation/finetune and set its '
        'data to hirl_mm.LabelledImages with the list'
    )


def _schedule(backbone: Mapping, batch: int) -> dict:
    if issubclass(MODELS.get(backbone['type']), VisionTransformer | BEiTViT):
        return dict(
            optim_wrapper=dict(
                type='OptimWrapper',
                optimizer=dict(
                    type='AdamW',
                    lr=_VIT_RATE * batch,
                    betas=(0.9, 0.999),
                    weight_decay=0.05,
                ),
                constructor='mmpretrain.'
                'LearningRateDecayOptimWrapperConstructor',
                paramwise_cfg=dict(
                    layer_decay_rate=0.65,
                    flat_decay_mult=0.0,
                    custom_keys={
                        '.cls_token': dict(decay_mult=0.0),
                        '.pos_embed': dict(decay_mult=0.0),
                        '.register_tokens': dict(decay_mult=0.0),
                    },
                ),
            ),
            param_scheduler=[
                dict(
                    type='LinearLR',
                    start_factor=2.5e-4,
                    by_epoch=True,
                    end=20,
                    convert_to_iter_based=True,
                ),
                dict(
                    type='CosineAnnealingLR',
                    eta_min_ratio=2.5e-4,
                    by_epoch=True,
                    begin=20,
                    end=100,
                    convert_to_iter_based=True,
                ),
            ],
            train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=100),
        )
    return dict(
        optim_wrapper=dict(
            type='OptimWrapper',
            optimizer=dict(
                type='SGD', lr=_CNN_RATE * batch, momentum=0.9, weight_decay=0
            ),
            paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10.0))),
        ),
        param_scheduler=[
            dict(
                type='MultiStepLR',
                by_epoch=True,
                milestones=[12, 16],
                gamma=0.2,
            )
        ],
        train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=20),
    )


def _preprocessor(cfg: Config, num_classes: int) -> dict:
    found = config_normalisation(cfg)
    if found:
        found['to_rgb'] = found.pop('channels') == 'rgb'
    return dict(num_classes=num_classes, **found)


def _pipeline(cfg: Config) -> list[dict]:
    flips = [
        _plain(step)
        for step in _steps(cfg.train_dataloader.dataset)
        if type_name(step['type']) == 'RandomFlip'
    ]
    return [
        dict(type='hirl_mm.LoadImage'),
        _crop(cfg),
        *flips[:1],
        dict(type='mmpretrain.PackInputs'),
    ]


def _crop(cfg: Config) -> dict:
    """Return the first random crop of the training, or one of that size."""
    for step in _steps(cfg.train_dataloader.dataset):
        if type_name(step['type']) == 'RandomResizedCrop':
            return _plain(step)
    size = cfg.model.backbone.get('img_size', 224)
    return dict(type='mmpretrain.RandomResizedCrop', scale=size)


def _steps(part: object) -> Iterator[Mapping]:
    """Yield all dicts with a type in a config, in order."""
    if isinstance(part, Mapping):
        if 'type' in part:
            yield part
        part = part.values()
    elif not isinstance(part, (list, tuple)):
        return
    for value in part:
        yield from _steps(value)


def _plain(part: Mapping) -> dict:
    """Return a part of a config without classes of MMEngine."""
    return {key: _plain_value(value) for key, value in part.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain_value, value))
    return value


def _text(parts: Mapping) -> str:
    # MMEngine replaces what stands in two braces, also in strings.
    text = Config(parts).pretty_text.replace('{{', '{\\x7b')
    return (
        '# Fine-tuning on the labels of branches, written by '
        'tools/label_branches.py.\n'
        f"_base_ = 'hirl_mm::_base_/runtime.py'\n\n{text}"
    )

"""Runs of OpenMMLab that know nothing of this package; also a program.

    python tests/stock_programs.py FILE RESUMED WORK_DIR

FILE has the backbone of a narrow ResNet-18, RESUMED is a checkpoint of
``classifier_runner`` after its first epoch.
"""

import sys

import torch
from mmengine.dataset import pseudo_collate
from mmengine.hub import get_config
from mmengine.runner import Runner
from mmpretrain.structures import DataSample
from torch.utils.data import DataLoader, Dataset

BACKBONE = dict(
    type='mmpretrain.ResNet',
    depth=18,
    base_channels=8,
    stem_channels=8,
    norm_cfg=dict(type='BN'),
)


class Images(Dataset):
    """Four images of two classes."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        image = torch.full((3, 32, 32), float(index))
        sample = DataSample().set_gt_label(index % 2)
        return dict(inputs=image, data_samples=sample)


def classifier_runner(
    epochs, work_dir, init_cfg=None, backbone=None, in_channels=64, **options
):
    """A Runner of MMPreTrain's linear classifier, two steps an epoch."""
    model = dict(
        type='mmpretrain.ImageClassifier',
        backbone=dict(backbone or BACKBONE, init_cfg=init_cfg),
        head=dict(
            type='mmpretrain.LinearClsHead',
            num_classes=2,
            in_channels=in_channels,
        ),
    )
    if backbone is None:
        model['neck'] = dict(type='mmpretrain.GlobalAveragePooling')
    return Runner(
        model=model,
        work_dir=str(work_dir),
        train_dataloader=DataLoader(Images(), 2, collate_fn=pseudo_collate),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)),
        default_hooks=dict(logger=dict(type='LoggerHook', interval=1)),
        default_scope='mmpretrain',
        experiment_name=str(work_dir).replace('/', '_'),
        **dict(log_level='ERROR') | options,
    )


def check_backbone(module, weights):
    state = module.state_dict()
    for key, value in weights.items():
        assert torch.equal(state[key], value), key


def mask_rcnn(init_cfg):
    import mmdet.models  # noqa: F401
    from mmdet.registry import MODELS

    name = 'mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'
    model = get_config(name).model
    backbone = dict(BACKBONE, type='ResNet', style='pytorch')
    model.backbone = dict(backbone, init_cfg=init_cfg)
    model.neck.in_channels = [8, 16, 32, 64]
    return MODELS.build(model)


def main(file, resumed, work_dir):
    checkpoint = torch.load(file, weights_only=True)
    weights = {
        key.removeprefix('backbone.'): value
        for key, value in checkpoint['state_dict'].items()
        if key.startswith('backbone.')
    }
    init_cfg = dict(type='Pretrained', checkpoint=file, prefix='backbone.')

    runner = classifier_runner(1, f'{work_dir}/init', init_cfg)
    runner._init_model_weights()
    check_backbone(runner.model.backbone, weights)
    runner = classifier_runner(1, f'{work_dir}/load', load_from=file)
    runner.load_or_resume()
    check_backbone(runner.model.backbone, weights)

    runner = classifier_runner(
        2, f'{work_dir}/resume', load_from=resumed, resume=True
    )
    runner.train()
    assert runner.iter == 4

    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope('mmdet'):
        detector = mask_rcnn(init_cfg)
        detector.init_weights()
    check_backbone(detector.backbone, weights)
    print('hirl_mm' in sys.modules)


if __name__ == '__main__':
    main(*sys.argv[1:])

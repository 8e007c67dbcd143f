"""Detectors of COCO and VOC, small enough to train in a test."""

import numpy as np
from mmengine.config import Config
from mmengine.hooks import Hook

from tests.runs import ROOT, settle

FOLDER = ROOT / 'configs/detection'
DEMO = 'demo/mask-rcnn_resnet18-fpn_1xb8-12e_shape-scenes.py'
TRAIN, VAL = (
    f'annotations/instances_{part}.json' for part in ('train', 'val')
)
NUM_SHAPES = 12
WIDTH = 32
# Outputs of the stages of a ResNet-18 with a quarter of the channels.
FPN_CHANNELS = [16, 32, 64, 128]


class Losses(Hook):
    """The loss of every iteration, and the backbone before the first."""

    def before_train(self, runner):
        self.values = []
        backbone = runner.model.backbone
        self.start = {k: v.clone() for k, v in backbone.state_dict().items()}

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.values.append(float(outputs['loss']))

    def last_by_first(self):
        """The mean of the last quarter over that of the first."""
        first, *_, last = np.split(np.array(self.values), 4)
        return last.mean() / first.mean()


def load_demo(name, scenes):
    """A detector of the demo on scenes of a test."""
    cfg = Config.fromfile(FOLDER / name)
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].dataset.data_root = str(scenes)
    for part in ('val', 'test'):
        cfg[f'{part}_evaluator'].ann_file = str(scenes / VAL)
    return cfg


def load_on_scenes(name, scenes, work_dir):
    """A narrow detector of COCO or VOC on the data of the demo."""
    cfg, demo = Config.fromfile(FOLDER / name), load_demo(DEMO, scenes)
    for part in ('train', 'val', 'test'):
        loader = demo[f'{part}_dataloader']
        loader.batch_size = 2
        if part == 'train':
            loader.sampler = cfg.train_dataloader.sampler
        else:
            evaluator = demo[f'{part}_evaluator']
            if 'mask_head' not in cfg.model.roi_head:
                evaluator.metric = 'bbox'
            cfg[f'{part}_evaluator'] = evaluator
        cfg[f'{part}_dataloader'] = loader
    settle(cfg, work_dir)
    cfg.randomness = dict(seed=0)
    narrow(cfg.model)
    return cfg


def narrow(model):
    """Shrink a detector to few channels and regions; its kind stays."""
    box_heads = listed(model.roi_head.bbox_head)
    mask_head = model.roi_head.get('mask_head')
    for head in box_heads + ([mask_head] if mask_head else []):
        head.num_classes = NUM_SHAPES
    if mask_head:
        mask_head.conv_out_channels = WIDTH
    model.rpn_head.feat_channels = WIDTH
    model.train_cfg.rpn_proposal.max_per_img = 20
    model.test_cfg.rpn.max_per_img = 8
    # MMDetection computes no AP where nothing was found.
    model.test_cfg.rcnn.score_thr = 0.0
    for part in listed(model.train_cfg.rcnn):
        part.sampler.num = 8
    if model.type == 'hirl_mm.C4Detector':
        narrow_c4(model)
    else:
        narrow_fpn(model)


def listed(value):
    return value if isinstance(value, list) else [value]


def narrow_c4(model):
    # MMDetection's ResLayer has the channels of its depth alone.
    roi_head = model.roi_head
    model.backbone.depth = roi_head.shared_head.depth = 18
    model.rpn_head.in_channels = 256
    roi_head.bbox_roi_extractor.out_channels = 256
    roi_head.shared_head.num_channels = 512
    for name in {'bbox_head', 'mask_head'} & set(roi_head):
        roi_head[name].in_channels = 512


def narrow_vit(model, **backbone):
    """Change the transformer of a detector, and the width behind it."""
    model.backbone.update(backbone)
    width = model.backbone.arch['embed_dims']
    scales, fpn = model.neck
    scales.in_channels, fpn.in_channels = width, [width] * 4


def narrow_fpn(model):
    roi_head = model.roi_head
    if model.backbone.type == 'mmpretrain.VisionTransformer':
        arch = dict(
            embed_dims=WIDTH,
            num_layers=12,
            num_heads=2,
            feedforward_channels=2 * WIDTH,
        )
        narrow_vit(model, arch=arch, img_size=(128, 160))
        fpn = model.neck[1]
    else:
        model.backbone.update(depth=18, base_channels=16, stem_channels=16)
        fpn = model.neck
        fpn.in_channels = FPN_CHANNELS
    fpn.out_channels = model.rpn_head.in_channels = WIDTH
    roi_head.bbox_roi_extractor.out_channels = WIDTH
    roi_head.mask_roi_extractor.out_channels = WIDTH
    roi_head.mask_head.in_channels = WIDTH
    for head in listed(roi_head.bbox_head):
        head.update(in_channels=WIDTH, fc_out_channels=WIDTH)
        if 'Conv' in head.type:
            head.conv_out_channels = WIDTH

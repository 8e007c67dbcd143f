"""What the configs of this folder share: data, optimizer, hooks, no scope."""

from mmengine.dataset import DefaultSampler, default_collate
from mmengine.hooks import CheckpointHook, LoggerHook, ParamSchedulerHook
from mmengine.optim import CosineAnnealingLR, OptimWrapper
from mmengine.runner import EpochBasedTrainLoop
from mmengine.visualization import LocalVisBackend
from mmpretrain.datasets import (
    ColorJitter,
    CustomDataset,
    MultiView,
    PackInputs,
    RandomResizedCrop,
)
from mmpretrain.models import SelfSupDataPreprocessor
from mmpretrain.visualization import UniversalVisualizer
from torch.optim import AdamW

from hirl_mm.datasets.transforms import LoadImage
from hirl_mm.engine.hooks import HierarchicalKMeansHook, KNNProbeHook

default_scope = None
data_root = 'data/digits/'
data_preprocessor = dict(
    type=SelfSupDataPreprocessor,
    mean=[127.5, 127.5, 127.5],
    std=[127.5, 127.5, 127.5],
)
views = [
    dict(type=RandomResizedCrop, scale=32, crop_ratio_range=(0.5, 1.0)),
    dict(type=ColorJitter, brightness=0.4, contrast=0.4),
]
plain_pipeline = [dict(type=LoadImage), dict(type=PackInputs)]
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type=DefaultSampler, shuffle=True),
    collate_fn=dict(type=default_collate),
    dataset=dict(
        type=CustomDataset,
        data_root=data_root,
        data_prefix='train',
        indices=96,
        pipeline=[
            dict(type=LoadImage),
            dict(type=MultiView, num_views=2, transforms=[views]),
            dict(type=PackInputs),
        ],
    ),
)
train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=2)
optim_wrapper = dict(
    type=OptimWrapper, optimizer=dict(type=AdamW, lr=1e-3, weight_decay=1e-2)
)
param_scheduler = [dict(type=CosineAnnealingLR, T_max=2, end=2)]
knn_gallery = dict(
    type=CustomDataset,
    data_root=data_root,
    data_prefix='train',
    indices=40,
    pipeline=plain_pipeline,
)
kmeans = dict(
    type=HierarchicalKMeansHook,
    num_prototypes=(12, 4, 2),
    start_epoch=1,
    num_restarts=2,
    pipeline=plain_pipeline,
    num_workers=0,
)
default_hooks = dict(
    logger=dict(type=LoggerHook, interval=1),
    param_scheduler=dict(type=ParamSchedulerHook),
    checkpoint=dict(type=CheckpointHook, interval=1),
    kmeans=kmeans,
    knn_probe=dict(
        type=KNNProbeHook,
        gallery=knn_gallery,
        queries=knn_gallery,
        k=5,
        num_workers=0,
    ),
)
visualizer = dict(
    type=UniversalVisualizer, vis_backends=[dict(type=LocalVisBackend)]
)
randomness = dict(seed=0)
find_unused_parameters = True

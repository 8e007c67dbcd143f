# SS-PRL on ImageNet, supplement of the paper, section B: 256 images per step
# at the same learning rates. The released code has no recipe for ImageNet:
# layers are frozen for one epoch and queues begin at 40 % of the epochs, as on
# COCO, and the queues' lengths are rounded down to multiples of the batch.
_base_ = [
    'ssprl_resnet50_2xb64-mcrop-amp-coslr-200e_coco14.py',
    '../_base_/knn_imagenet.py',
]

model = dict(head=dict(queue_lengths=(1792, 4864, 4864), queue_start_epoch=40))
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='hirl_mm.ImageNetImages',
        data_root='data/imagenet/',
        split='train',
        pipeline=_base_.pyramid_pipeline,
    )
)
auto_scale_lr = dict(base_batch_size=256)
param_scheduler = [dict(_base_.param_scheduler[0], T_max=100, end=100)]
train_cfg = dict(max_epochs=100)
default_hooks = dict(
    frozen_layers=dict(end=1, by_epoch=True),
    knn_probe=_base_.knn_probe,
)

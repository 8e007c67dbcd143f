# Mask R-CNN R50-FPN on COCO's train2014 and val2014 as SS-PRL reports it:
# detectron2's 1x schedule of 90k iterations (60k, 80k), evaluated after 15k.
# No iteration after 15k changes that, so the training stops there.
_base_ = './mask-rcnn_resnet50-fpn_8xb2-12e_coco.py'

train_cfg = dict(
    _delete_=True,
    type='IterBasedTrainLoop',
    max_iters=15000,
    val_interval=15000,
)
param_scheduler = [
    # detectron2's default; neither paper nor released code has another one.
    dict(
        type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=1000
    ),
    dict(
        type='MultiStepLR',
        by_epoch=False,
        milestones=[60000, 80000],
        gamma=0.1,
    ),
]
train_dataloader = dict(
    sampler=dict(type='InfiniteSampler'),
    dataset=dict(
        ann_file='annotations/instances_train2014.json',
        data_prefix=dict(img='train2014/'),
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file='annotations/instances_val2014.json',
        data_prefix=dict(img='val2014/'),
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file='data/coco/annotations/instances_val2014.json')
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=5000))
log_processor = dict(by_epoch=False)
protocol = dict(name='coco14-instance-15k')

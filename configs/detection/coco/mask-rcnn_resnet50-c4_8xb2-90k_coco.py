# Mask R-CNN R50-C4 as HCCL's paper trains it (section 4.2): the 1x schedule
# of MoCo's detection code with a rate of 0.03. The warm-up is detectron2's
# default, which that schedule keeps.
_base_ = './mask-rcnn_resnet50-c4_8xb2-180k_coco.py'

train_cfg = dict(max_iters=90000)
optim_wrapper = dict(optimizer=dict(lr=0.03))
param_scheduler = [
    dict(_base_.param_scheduler[0], end=1000),
    dict(_base_.param_scheduler[1], milestones=[60000, 80000]),
]
protocol = dict(name='coco-c4-1x')

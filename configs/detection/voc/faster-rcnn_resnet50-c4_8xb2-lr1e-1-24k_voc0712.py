# VOC with the rate that HCCL's paper prints (section 4.2): 0.1 for 16 images,
# after 1000 iterations from a third of it.
_base_ = './faster-rcnn_resnet50-c4_8xb2-24k_voc0712.py'

optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = [
    dict(_base_.param_scheduler[0], start_factor=0.333, end=1000),
    dict(_base_.param_scheduler[1]),
]
protocol = dict(name='voc0712-detection-lr0.1')

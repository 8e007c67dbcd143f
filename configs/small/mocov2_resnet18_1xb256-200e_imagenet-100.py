# MoCo v2 with a ResNet-18; rate, decay, momentum and temperature are those of
# MoCo v2 on ImageNet, and the queue is an eighth of the images.
_base_ = [
    '../_base_/imagenet_100.py',
    '../_base_/sgd_200e.py',
    '../_base_/models/mocov2_resnet18-w64.py',
]

model = dict(queue_len=16384, momentum=0.001, head=dict(temperature=0.2))
optim_wrapper = dict(optimizer=dict(lr=0.03, weight_decay=1e-4))

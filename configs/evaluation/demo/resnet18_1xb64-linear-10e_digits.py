# Linear classifier on frozen features of the demo's ResNet-18.
_base_ = [
    '../_base_/digits.py',
    '../_base_/resnet18_demo_frozen.py',
    '../_base_/demo_linear_10e.py',
]

# Fine-tuning the demo's ResNet-18.
_base_ = [
    '../_base_/digits.py',
    '../_base_/resnet18_demo.py',
    '../_base_/demo_finetune_10e.py',
]

# Fine-tuning a ResNet-50 on ImageNet.
_base_ = '../_base_/finetune_cnn_20e.py'

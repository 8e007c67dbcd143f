# Fine-tuning a ViT-B/16 on ImageNet.
_base_ = '../_base_/finetune_vit_100e.py'

# 5 neighbours of every image, no mixed images.
_base_ = '../../../csml/csml_resnet50_32xb64-coslr-200e_in1k.py'

model = dict(mix=None)
default_hooks = dict(neighbors=dict(k=5))

# Without mixed images.
_base_ = '../../../csml/csml_resnet50_32xb64-coslr-200e_in1k.py'

model = dict(mix=None)

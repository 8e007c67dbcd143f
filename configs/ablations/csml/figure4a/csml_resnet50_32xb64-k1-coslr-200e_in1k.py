# One neighbour of every image.
_base_ = '../../../csml/csml_resnet50_32xb64-coslr-200e_in1k.py'

default_hooks = dict(neighbors=dict(k=1))

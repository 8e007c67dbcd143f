# MixUp instead of CutMix (Table A.3).
_base_ = '../../../csml/csml_resnet50_32xb64-coslr-200e_in1k.py'

model = dict(mix=dict(type='hirl_mm.PairMixUp'))

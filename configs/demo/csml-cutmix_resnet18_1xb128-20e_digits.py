# CsMl on scikit-learn's digits without branches.
_base_ = 'csml-positives_resnet18_1xb128-20e_digits.py'

model = dict(mix=dict(type='hirl_mm.PairCutMix'))

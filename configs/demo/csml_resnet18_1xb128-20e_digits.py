# CsMl on scikit-learn's digits.
_base_ = 'csml-cutmix_resnet18_1xb128-20e_digits.py'

model = dict(branches=dict(type='hirl_mm.StageBranches', stages=(2, 3)))

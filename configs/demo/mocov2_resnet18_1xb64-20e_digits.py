# MoCo v2 on scikit-learn's digits: a recipe that learns within two minutes on
# two CPU cores. ImageNet's, scaled down, ends below random weights there
# (docs/demo.md).
_base_ = ['../_base_/digits.py', '../_base_/models/mocov2_resnet18.py']

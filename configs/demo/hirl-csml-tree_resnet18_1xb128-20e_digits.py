# HIRL-CsMl on scikit-learn's digits with positives from the tree: once there
# is one, other images of the same leaf instead of nearest neighbours.
_base_ = 'hirl-csml_resnet18_1xb128-20e_digits.py'

default_hooks = dict(tree_positives=dict(type='hirl_mm.TreePositivesHook'))

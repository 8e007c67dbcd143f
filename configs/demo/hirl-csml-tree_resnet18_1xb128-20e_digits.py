# HIRL-CsMl on scikit-learn's digits with positives from the tree: other images
# of the same leaf instead of nearest neighbours, and before the first tree
# every image itself.
_base_ = 'hirl-csml_resnet18_1xb128-20e_digits.py'

default_hooks = dict(
    {k: v for k, v in _base_.default_hooks.items() if k != 'neighbors'},
    _delete_=True,
    tree_positives=dict(type='hirl_mm.TreePositivesHook'),
)

# HIRL-CsMl with positives from the tree: other images of the same leaf instead
# of nearest neighbours, and before the first tree every image itself. No paper
# has it.
_base_ = 'hirl-csml_resnet50_32xb64-coslr-200e_in1k.py'

default_hooks = dict(
    {k: v for k, v in _base_.default_hooks.items() if k != 'neighbors'},
    _delete_=True,
    tree_positives=dict(type='hirl_mm.TreePositivesHook'),
)

# HIRL-CsMl with positives from the tree: once there is one, other images of
# the same leaf instead of nearest neighbours. No paper has it.
_base_ = 'hirl-csml_resnet50_32xb64-coslr-200e_in1k.py'

default_hooks = dict(tree_positives=dict(type='hirl_mm.TreePositivesHook'))

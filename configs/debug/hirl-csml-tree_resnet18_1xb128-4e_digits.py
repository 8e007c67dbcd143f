# A run of seconds through HIRL-CsMl with positives from the tree.
_base_ = 'hirl-csml_resnet18_1xb128-4e_digits.py'

default_hooks = dict(tree_positives=dict(type='hirl_mm.TreePositivesHook'))

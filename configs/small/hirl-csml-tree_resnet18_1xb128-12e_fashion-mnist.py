# With positives from the tree, once there is one.
_base_ = 'hirl-csml_resnet18_1xb128-12e_fashion-mnist.py'

default_hooks = dict(tree_positives=dict(type='hirl_mm.TreePositivesHook'))

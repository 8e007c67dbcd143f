# A run of seconds through HIRL-MoCo v2 with epochs balanced over the tree.
_base_ = 'hirl-mocov2_resnet18_1xb64-4e_digits.py'

train_dataloader = dict(
    sampler=dict(_delete_=True, type='hirl_mm.HierarchicalSampler')
)
default_hooks = dict(tree_sampling=dict(type='hirl_mm.TreeSamplingHook'))

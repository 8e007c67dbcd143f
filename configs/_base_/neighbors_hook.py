# How CsMl gets its positives on ImageNet, every image one of its ten nearest
# neighbours. They are searched on the images of the pass for HIRL's tree; this
# file brings its hook along for configs that need both.
_base_ = 'kmeans_hook.py'

pair_sampler = dict(type='hirl_mm.NeighborPairSampler')
neighbors_hook = dict(
    type='hirl_mm.NeighborBankHook',
    k=10,
    encoder='query',
    interval=5,
    pipeline=_base_.kmeans_hook.pipeline,
)

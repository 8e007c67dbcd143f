# How CsMl gets its positives on ImageNet, every image one of its ten nearest
# neighbours. A leaf config adds the pipeline of the feature pass, which is
# _base_.feature_crop.
pair_sampler = dict(type='hirl_mm.NeighborPairSampler')
neighbors_hook = dict(
    type='hirl_mm.NeighborBankHook', k=10, encoder='query', interval=5
)

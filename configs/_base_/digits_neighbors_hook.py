# How CsMl gets its positives on the 1,500 digits: 64 anchors per step, each
# with one of its ten nearest neighbours. A leaf config adds the pipeline of
# the feature pass, which is _base_.knn_pipeline.
pair_loader = dict(
    batch_size=128, sampler=dict(type='hirl_mm.NeighborPairSampler')
)
neighbors_hook = dict(type='hirl_mm.NeighborBankHook', k=10, num_workers=0)

# HIRL's tree of prototypes on ImageNet; the pipeline is that of the released
# code. A leaf config adds start_epoch (the paper's T1), and what differs, such
# as mode='fast' or mode='bank' (docs/modes.md) for a cheaper clustering.
kmeans_hook = dict(
    type='hirl_mm.HierarchicalKMeansHook',
    num_prototypes=(30000, 10000, 1000),
    pipeline=[
        dict(type='hirl_mm.LoadImage'),
        dict(
            type='mmpretrain.ResizeEdge',
            scale=256,
            edge='short',
            backend='pillow',
        ),
        dict(type='mmpretrain.CenterCrop', crop_size=224),
        dict(type='mmpretrain.PackInputs'),
    ],
)

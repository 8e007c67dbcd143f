# HIRL's tree of prototypes on the 1,500 digits.
kmeans_hook = dict(
    type='hirl_mm.HierarchicalKMeansHook',
    num_prototypes=(60, 20, 10),
    pipeline=[
        dict(type='hirl_mm.LoadImage'),
        dict(type='mmpretrain.PackInputs'),
    ],
    num_workers=0,
)

# What HIRL adds to a training on some thousands of small images, whatever the
# method: trees from a quarter of the schedule on, with one leaf for every 40
# of 6,000 images, as in the paper.
kmeans_hook = dict(
    type='hirl_mm.HierarchicalKMeansHook',
    num_prototypes=(150, 50, 15),
    start_epoch=6,
    mode='fast',
    pipeline=[
        dict(type='hirl_mm.LoadImage'),
        dict(type='mmpretrain.Resize', scale=(32, 32)),
        dict(type='mmpretrain.PackInputs'),
    ],
    num_workers=0,
)
spd_head = dict(type='hirl_mm.SPDHead', num_levels=3, num_negatives=100)

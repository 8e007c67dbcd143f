# What HIRL adds to 200 epochs on 50,000 images of CIFAR-100. As in the paper:
# one leaf for every 40 images, about a third as many prototypes on the next
# level and as many as classes on the last; trees from a tenth of the schedule
# on. A leaf config adds the pipeline of its images. With CIFAR-10 the numbers
# stay: they go by the images, and classes are not known in training.
kmeans_hook = dict(
    type='hirl_mm.HierarchicalKMeansHook',
    num_prototypes=(1250, 400, 100),
    start_epoch=20,
    mode='fast',
)
spd_head = dict(type='hirl_mm.SPDHead', num_levels=3, num_negatives=1000)

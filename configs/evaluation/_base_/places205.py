# Places205; the lists are those that come with the images, checked and
# written by tools/dataset_converters/places205.py.
places205 = dict(
    _delete_=True,
    type='hirl_mm.LabelledImages',
    data_root='data/places205/',
    data_prefix='images',
    num_classes=205,
)

# COCO's train2014 and val2014 with the classes of every image, which
# tools/dataset_converters/coco_multilabel.py writes. A leaf config adds the
# type and the pipelines, which its other base has.
num_classes = 80
coco14_train = dict(
    _delete_=True,
    data_root='data/coco/',
    data_prefix='train2014',
    ann_file='annotations/multilabel_train2014.json',
)
coco14_val = dict(
    coco14_train,
    data_prefix='val2014',
    ann_file='annotations/multilabel_val2014.json',
)

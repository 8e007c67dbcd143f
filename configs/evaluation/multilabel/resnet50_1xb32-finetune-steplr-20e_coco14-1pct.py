# Fine-tuning with the labels of 1 % of COCO's train2014; the list is drawn by
# tools/dataset_converters/multilabel_subset.py.
_base_ = './resnet50_1xb128-finetune-steplr-20e_coco14-100pct.py'

train_dataloader = dict(
    batch_size=32,
    dataset=dict(ann_file='annotations/multilabel_train2014-1pct.json'),
)
auto_scale_lr = dict(base_batch_size=32)
protocol = dict(name='coco14-semisup-1pct')

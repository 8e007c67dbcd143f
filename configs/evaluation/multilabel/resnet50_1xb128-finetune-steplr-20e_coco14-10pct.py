# Fine-tuning with the labels of 10 % of COCO's train2014; the list is drawn by
# tools/dataset_converters/multilabel_subset.py.
_base_ = './resnet50_1xb128-finetune-steplr-20e_coco14-100pct.py'

train_dataloader = dict(
    dataset=dict(ann_file='annotations/multilabel_train2014-10pct.json')
)
protocol = dict(name='coco14-semisup-10pct')

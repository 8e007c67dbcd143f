# Linear support vector machines on VOC07, trainval against test:
# python tools/evaluate.py CONFIG CHECKPOINT --data THIS_FILE.
_base_ = '../../_base_/centre_crop.py'

svm_train = dict(
    type='mmpretrain.VOC',
    data_root='data/VOCdevkit/VOC2007',
    split='trainval',
    pipeline=_base_.centre_crop,
)
svm_test = dict(svm_train, split='test')

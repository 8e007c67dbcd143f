# Linear support vector machines on VOC07, trainval against test:
# python tools/evaluate.py CONFIG CHECKPOINT --data THIS_FILE.
svm_pipeline = [
    dict(type='hirl_mm.LoadImage'),
    dict(
        type='ResizeEdge',
        scale=256,
        edge='short',
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]
svm_train = dict(
    type='mmpretrain.VOC',
    data_root='data/VOCdevkit/VOC2007',
    split='trainval',
    pipeline=svm_pipeline,
)
svm_test = dict(svm_train, split='test')

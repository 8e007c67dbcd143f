# Linear support vector machines on scenes of several digits, in the layout of
# VOC07, that tools/dataset_converters/digit_scenes.py writes.
svm_train = dict(
    type='mmpretrain.VOC',
    data_root='data/digit_scenes',
    split='trainval',
    metainfo=dict(classes=list('0123456789')),
    pipeline=[
        dict(type='hirl_mm.LoadImage'),
        dict(type='mmpretrain.PackInputs'),
    ],
)
svm_test = dict(svm_train, split='test')

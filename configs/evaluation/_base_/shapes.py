# Another data set than the one of the pre-training: the 36 classes of shapes
# that tools/dataset_converters/shapes.py draws, at the size of the digits.
_base_ = 'digits.py'

num_classes = 36
data_root = 'data/shapes/'
data_preprocessor = dict(num_classes=num_classes)
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(type='mmpretrain.Resize', scale=(32, 32)),
            dict(type='mmpretrain.PackInputs'),
        ],
    )
)

# Fine-tuning a ResNet-50 with few labels: "the official SwAV config" of the
# HIRL paper. The released code has recipes of 20 to 300 epochs, by method.
_base_ = 'finetune_cnn_20e.py'

train_dataloader = dict(
    batch_size=32,
    dataset=dict(
        _delete_=True,
        type='hirl_mm.LabelledImages',
        data_root=_base_.data_root,
        data_prefix='train',
        ann_file='',
        num_classes=1000,
        pipeline=_base_.train_pipeline,
    ),
)
auto_scale_lr = dict(base_batch_size=256)

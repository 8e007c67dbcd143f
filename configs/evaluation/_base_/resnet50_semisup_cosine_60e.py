# Fine-tuning a ResNet-50 with few labels as CsMl's paper does (section 4.2);
# it leaves batch size, schedule and weight decay open.
_base_ = './resnet50_semisup_20e.py'

optim_wrapper = dict(
    optimizer=dict(lr=1e-4),
    # 10 for the classifier.
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=1e5))),
)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        T_max=60,
        by_epoch=True,
        end=60,
        convert_to_iter_based=True,
    )
]
train_cfg = dict(max_epochs=60)
protocol = dict(further_metrics=['accuracy/top5'])

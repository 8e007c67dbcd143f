# Fine-tuning a ResNet-50 with few labels as HCCL's paper does (section 4.1):
# no regularisation, cosine. It prints a rate of 300 for the classifier;
# docs/evaluation.md has the command that tries lower ones.
_base_ = './resnet50_semisup_20e.py'

optim_wrapper = dict(
    optimizer=dict(lr=0.02, nesterov=True),
    # 300 for the classifier.
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=15000.0))),
)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        T_max=20,
        by_epoch=True,
        end=20,
        convert_to_iter_based=True,
    )
]
protocol = dict(further_metrics=['accuracy/top5'])

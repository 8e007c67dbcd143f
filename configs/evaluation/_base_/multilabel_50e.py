# A linear classifier of several labels per image. The rate, which the paper
# searches from 1e-3 to 3 for every method, is where its released code stands
# on VOC07. "Reduces by a factor of 10 three times (equally spaced intervals)".
_base_ = 'multilabel.py'

model = dict(backbone=dict(frozen_stages=4))
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[13, 25, 38], gamma=0.1)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=50, val_interval=10)

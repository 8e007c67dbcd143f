# A run of seconds through SS-PRL, with queues, which fill in the second
# epoch.
_base_ = '../demo/ssprl_resnet18_1xb32-20e_digit-scenes.py'

model = dict(head=dict(queue_lengths=(96, 160, 320), queue_start_epoch=1))
param_scheduler = [dict(_base_.param_scheduler[0], T_max=4, end=4)]
train_cfg = dict(max_epochs=4)

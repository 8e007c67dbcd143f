# Fine-tuning as for Places205 in seconds, on the digits.
_base_ = 'resnet18_1xb64-finetune-10e_digits.py'

protocol = dict(name='transfer-finetune')

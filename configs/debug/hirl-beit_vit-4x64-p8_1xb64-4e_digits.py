_base_ = [
    'beit_vit-4x64-p8_1xb64-4e_digits.py',
    '../_base_/digits_hirl_4e.py',
]

model = dict(
    type='hirl_mm.HIRLBEiT',
    spd_head=_base_.spd_head,
)
default_hooks = dict(kmeans=_base_.kmeans_hook)
find_unused_parameters = True

# 3000 prototypes of whole images and 1500 of patches (Table S-D).
_base_ = (
    '../ssprl_resnet50_2xb64-scales2-k300-300-mcrop-amp-coslr-200e_coco14.py'
)

model = dict(head=dict(num_prototypes=(3000, 1500)))

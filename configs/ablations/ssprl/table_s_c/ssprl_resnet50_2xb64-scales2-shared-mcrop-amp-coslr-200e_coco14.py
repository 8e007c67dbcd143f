# The same prototypes on both scales (Table S-C), which leaves nothing to
# correlate.
_base_ = (
    '../ssprl_resnet50_2xb64-scales2-k300-300-mcrop-amp-coslr-200e_coco14.py'
)

model = dict(head=dict(shared_prototypes=True, cross_weight=0.0))
default_hooks = dict(frozen_layers=dict(layers=['prototypes']))

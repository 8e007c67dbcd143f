# HCCL with a momentum encoder, 800 epochs (appendix A.2 of the paper).
_base_ = 'hccl_resnet50_8xb64-amp-coslr-800e_in1k.py'

model = dict(momentum=0.996)
default_hooks = dict(teacher=dict(type='hirl_mm.TeacherUpdateHook'))

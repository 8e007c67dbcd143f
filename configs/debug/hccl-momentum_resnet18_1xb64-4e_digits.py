# A run of seconds through HCCL with a momentum encoder, which is to follow the
# network within that time.
_base_ = 'hccl_resnet18_1xb64-4e_digits.py'

model = dict(momentum=0.98)
default_hooks = dict(teacher=dict(type='hirl_mm.TeacherUpdateHook'))

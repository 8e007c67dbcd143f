"""The recipe named below, for MMEngine's ``read_base``."""

from mmengine.config import Config

root, _, _ = __file__.rpartition('/configs/')
recipe = f'{root}/.mim/configs/hirl/'
recipe += 'hirl-csml_resnet50_32xb64-coslr-200e_in1k.py'
globals().update(Config.fromfile(recipe).to_dict())
del Config, recipe, root, _

"""The recipe named below, for MMEngine's ``read_base``."""

from mmengine.config import Config

root, _, _ = __file__.rpartition('/configs/')
recipe = f'{root}/.mim/configs/demo/'
recipe += 'ssprl_resnet18_1xb32-20e_digit-scenes.py'
globals().update(Config.fromfile(recipe).to_dict())
del Config, recipe, root, _

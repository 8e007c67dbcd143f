"""The recipe named below, for MMEngine's ``read_base``."""

from mmengine.config import Config

root, _, _ = __file__.rpartition('/configs/')
recipe = f'{root}/.mim/configs/ssprl/'
recipe += 'ssprl_resnet50_4xb64-mcrop-amp-coslr-100e_in1k.py'
globals().update(Config.fromfile(recipe).to_dict())
del Config, recipe, root, _

"""The recipe named below, for MMEngine's ``read_base``."""

from mmengine.config import Config

root, _, _ = __file__.rpartition('/configs/')
recipe = f'{root}/.mim/configs/hirl/'
recipe += 'hirl-ssprl-patches_resnet50_2xb64-mcrop-amp-coslr-200e_coco14.py'
globals().update(Config.fromfile(recipe).to_dict())
del Config, recipe, root, _

"""The recipe named below, for MMEngine's ``read_base``."""

from mmengine.config import Config

root, _, _ = __file__.rpartition('/configs/')
recipe = root + '/.mim/configs/_base_/'
recipe += 'neighbors_hook.py'
globals().update(Config.fromfile(recipe).to_dict())
del Config, recipe, root, _

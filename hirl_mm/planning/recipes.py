"""The methods that a folder can be trained with, and their recipes."""

import re
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

# In a checkout a link to configs/, in an installed package a copy.
CONFIGS = Path(__file__).parents[1] / '.mim' / 'configs'
_FOLDER = 'hirl'
_BATCH = re.compile(r'_(\d+)xb(\d+)-')


@dataclass(frozen=True)
class Recipe:
    """The recipe of a method: a config of ``configs/hirl``.

    Args:
        method: Name of the method, such as ``'hirl-dino'``.
        file: File of the config.
    """

    method: str
    file: Path

    @property
    def base(self) -> str:
        """Name by which other configs inherit the recipe."""
        return f'hirl_mm::{_FOLDER}/{self.file.name}'

    @property
    def images_per_step(self) -> int:
        """Images of a step on all devices, which the rate was chosen for."""
        ((devices, images),) = _BATCH.findall(self.file.name)
        return int(devices) * int(images)

    @property
    def kind(self) -> str:
        """Kind of the backbone: ``'ResNet'``, ``'ViT'`` or ``'BEiT'``."""
        name = self.config().model.backbone.type
        if name == 'ResNet':
            return name
        return 'BEiT' if name.startswith('BEiT') else 'ViT'

    def config(self) -> Config:
        """Read the recipe."""
        return Config.fromfile(self.file)


def recipes(configs: Path = CONFIGS) -> dict[str, Recipe]:
    """Return the recipes by method, as the files of ``configs/hirl`` say.

    A method with recipes of several lengths has the shortest one here.

    Args:
        configs: Folder of all configs.

    Example:
        >>> 'hirl-dino' in recipes()
        True
    """
    found: dict[str, Recipe] = {}
    for file in sorted((configs / _FOLDER).glob('*.py')):
        method = file.name.partition('_')[0]
        found.setdefault(method, Recipe(method, file))
    return found

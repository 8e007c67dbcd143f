"""One method of self-supervised learning and its configs."""

import copy
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config
from mmengine.hub import get_config

CONFIGS = Path(__file__).parents[2] / 'configs'


@dataclass(frozen=True)
class Method:
    """A method with its configs, at full size and narrowed for a CPU.

    Attributes:
        title: Name of the method in tables.
        recipe: This project's plain config, below ``configs``.
        hirl_recipe: This project's config with HIRL, below ``configs``.
        peer: MMPreTrain's own config of the method, if it has one.
        network: Description of the narrowed network for tables.
        narrow: Options that narrow the model, by their keys below ``model``.
        views: (number, pixels) of the recipe's views, per resolution.
        small_views: (number, pixels) of the views of the narrowed model.
        small_batch: Images per step of the narrowed model.
        mask: Options of the masks for the narrowed views.
    """

    title: str
    recipe: str
    hirl_recipe: str
    peer: str | None
    network: str
    narrow: dict
    views: tuple
    small_views: tuple
    small_batch: int
    mask: dict = field(default_factory=dict)

    def plain(self, full: bool) -> Config:
        """Return the plain config, narrowed unless ``full``."""
        return self._fitted(Config.fromfile(CONFIGS / self.recipe), full)

    def hirl(self, full: bool) -> Config:
        """Return the config with HIRL, narrowed unless ``full``."""
        cfg = Config.fromfile(CONFIGS / self.hirl_recipe)
        return self._fitted(cfg, full, spd_head=True)

    def mmpretrain(self, full: bool) -> Config:
        """Return MMPreTrain's own config, narrowed unless ``full``."""
        return self._fitted(get_config(self.peer), full)

    def _fitted(self, cfg: Config, full: bool, spd_head: bool = False):
        if not full:
            options = {
                f'model.{key}': copy.deepcopy(value)
                for key, value in self.narrow.items()
                if spd_head or not key.startswith('spd_head')
            }
            cfg.merge_from_dict(options)
        # Its weights count for nothing here and would be downloaded.
        cfg.model.get('target_generator', {}).pop('init_cfg', None)
        return cfg

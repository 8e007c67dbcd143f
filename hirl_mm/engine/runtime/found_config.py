from pathlib import Path

from mmengine.config import Config

from hirl_mm.checkpoints.found_configs import found_config
from hirl_mm.registry import scope_of

from .config_file import REQUIRE, read_config


def read_found_config(path: str | Path, trust: bool = False) -> Config:
    """Read the config that a training has saved in its folder.

    Nothing of it is run, unless it is trusted.

    Args:
        path: Path of the config file.
        trust: Whether it may run code.

    Raises:
        StackError: If the config needs MMDetection or MMSegmentation, and
            this package or mmcv's compiled operators are not installed.
        UntrustedCheckpointError: If it holds more than values and registered
            classes, see
            :func:`~hirl_mm.checkpoints.found_configs.found_config`,
            and ``trust`` is False.
        ConfigError: If it is trusted and cannot be read.
    """
    if trust:
        return read_config(str(path))
    text = Path(path).read_text(encoding='utf-8', errors='replace')
    cfg = found_config(text, str(path))
    scope = scope_of(cfg)
    if scope in REQUIRE:
        REQUIRE[scope]()
    return cfg

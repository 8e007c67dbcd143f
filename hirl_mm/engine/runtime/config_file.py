from pathlib import Path

from mmengine.config import Config

from hirl_mm.registry import scope_of
from hirl_mm.stack import require_detection, require_segmentation

SUFFIXES = '.py', '.json', '.yaml', '.yml'
REQUIRE = {'mmdet': require_detection, 'mmseg': require_segmentation}


class ConfigError(ValueError):
    """A config cannot be read, or an option refers to what is not there."""


def read_config(path: str) -> Config:
    """Read a config and check that the packages it needs are installed.

    Args:
        path: Path of the config file.

    Raises:
        StackError: If the config needs MMDetection or MMSegmentation, and
            this package or mmcv's compiled operators are not installed. The
            message contains the command that installs them.
        ConfigError: If there is no such file, the code in it fails, or it
            changes an entry of ``custom_hooks`` of a base config that has a
            name in ``default_hooks`` now.
    """
    if Path(path).is_dir():
        raise ConfigError(
            f'{path} is a folder, not a config: give a config file, such as '
            'the .py file in the work folder of a training'
        )
    if not Path(path).is_file():
        raise ConfigError(f'there is no config file {path}')
    if Path(path).suffix not in SUFFIXES:
        raise ConfigError(
            f'{path} is no config, whose name ends in {", ".join(SUFFIXES)}'
        )
    try:
        cfg = Config.fromfile(path)
        scope = scope_of(cfg)
    except Exception as error:
        # MMEngine names the missing package of a ``_base_`` in the message
        # only, not in an attribute of the error.
        if isinstance(error, ModuleNotFoundError):
            for package, require in REQUIRE.items():
                if package in str(error):
                    require()
        raise ConfigError(_reason(path, error)) from error
    if scope in REQUIRE:
        REQUIRE[scope]()
    return cfg


def _reason(path: str, error: Exception) -> str:
    """Return why a config cannot be read."""
    if isinstance(error.__cause__, ImportError):
        error = error.__cause__
    text = ' '.join(str(error).split())
    reason = f'{type(error).__name__}: {text:.300}'
    is_access = isinstance(error, (IndexError, AttributeError, KeyError))
    if is_access and '_base_.custom_hooks' in Path(path).read_text():
        return (
            f'{path} refers to _base_.custom_hooks, which no longer contains '
            f'the hooks of hirl_mm ({reason}). They have names now. Fix with, '
            "for example: default_hooks = dict(kmeans=dict(mode='bank'), "
            'knn_probe=dict(interval=5))'
        )
    return f'{path} cannot be read as a config: {reason}'

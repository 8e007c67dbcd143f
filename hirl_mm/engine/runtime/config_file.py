from pathlib import Path

from mmengine.config import Config

from hirl_mm.registry import scope_of
from hirl_mm.stack import require_detection, require_segmentation

REQUIRE = {'mmdet': require_detection, 'mmseg': require_segmentation}


class ConfigError(ValueError):
    """A config or an option refers to a hook that does not exist."""


def read_config(path: str) -> Config:
    """Read a config and check that the packages it needs are installed.

    Args:
        path: Path of the config file.

    Raises:
        StackError: If the config needs MMDetection or MMSegmentation, and
            this package or mmcv's compiled operators are not installed. The
            message contains the command that installs them.
        ConfigError: If the config changes an entry of ``custom_hooks`` of a
            base config that has a name in ``default_hooks`` now.
    """
    try:
        cfg = Config.fromfile(path)
        scope = scope_of(cfg)
    except ModuleNotFoundError as error:
        # MMEngine names the missing package of a ``_base_`` in the message
        # only, not in an attribute of the error.
        for package, require in REQUIRE.items():
            if package in str(error):
                require()
        raise
    except (IndexError, AttributeError, KeyError) as error:
        if '_base_.custom_hooks' not in Path(path).read_text():
            raise
        raise ConfigError(
            f'{path} refers to _base_.custom_hooks, which no longer contains '
            f'the hooks of hirl_mm ({type(error).__name__}: {error}). They '
            'have names now. Fix with, for example: default_hooks = '
            "dict(kmeans=dict(mode='bank'), knn_probe=dict(interval=5))"
        ) from error
    if scope in REQUIRE:
        REQUIRE[scope]()
    return cfg

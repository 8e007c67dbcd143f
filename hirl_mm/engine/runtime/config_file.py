from pathlib import Path

from mmengine.config import Config

from hirl_mm.registry import scope_of
from hirl_mm.stack import require_detection, require_segmentation

REQUIRE = {'mmdet': require_detection, 'mmseg': require_segmentation}


class ConfigError(ValueError):
    """A config or an option is for hooks that are not there."""


def read_config(path: str) -> Config:
    """Read the config of a training, only where its models can be built.

    Raises:
        StackError: If the config needs MMDetection or MMSegmentation, and
            that or mmcv's ops are not there, with the command that installs
            them.
        ConfigError: If the config changes an entry of the ``custom_hooks``
            of another one that has a name by now.
    """
    try:
        cfg = Config.fromfile(path)
        scope = scope_of(cfg)
    except ModuleNotFoundError as error:
        # MMEngine names the package of a ``_base_`` in its message alone.
        for package, require in REQUIRE.items():
            if package in str(error):
                require()
        raise
    except (IndexError, AttributeError, KeyError) as error:
        if '_base_.custom_hooks' not in Path(path).read_text():
            raise
        raise ConfigError(
            f'{path} refers to _base_.custom_hooks, where the hooks of '
            f'hirl_mm are no more ({type(error).__name__}: {error}). They '
            'have names now. Fix with, for example: default_hooks = '
            "dict(kmeans=dict(mode='bank'), knn_probe=dict(interval=5))"
        ) from error
    if scope in REQUIRE:
        REQUIRE[scope]()
    return cfg

from mmengine.config import Config

from hirl_mm.registry import scope_of
from hirl_mm.stack import require_detection, require_segmentation

REQUIRE = {'mmdet': require_detection, 'mmseg': require_segmentation}


def read_config(path: str) -> Config:
    """Read a config and check that the packages it needs are installed.

    Args:
        path: Path of the config file.

    Raises:
        StackError: If the config needs MMDetection or MMSegmentation, and
            this package or mmcv's compiled operators are not installed. The
            message contains the command that installs them.
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
    if scope in REQUIRE:
        REQUIRE[scope]()
    return cfg

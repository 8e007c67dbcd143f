from mmengine.config import Config

from hirl_mm.registry import scope_of
from hirl_mm.stack import require_detection, require_segmentation

REQUIRE = {'mmdet': require_detection, 'mmseg': require_segmentation}


def read_config(path: str) -> Config:
    """Read the config of a training, only where its models can be built.

    Raises:
        StackError: If the config needs MMDetection or MMSegmentation, and
            that or mmcv's ops are not there, with the command that installs
            them.
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
    if scope in REQUIRE:
        REQUIRE[scope]()
    return cfg

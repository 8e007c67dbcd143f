from mmengine.config import Config

from hirl_mm.stack import require_detection


def read_config(path: str) -> Config:
    """Read the config of a training; of a detector only where it can train.

    Raises:
        StackError: If the config needs MMDetection, and that or mmcv's ops
            are not there, with the command that installs them.
    """
    try:
        cfg = Config.fromfile(path)
    except ModuleNotFoundError as error:
        # MMEngine names the package of a ``_base_`` in its message alone.
        if 'mmdet' in str(error):
            require_detection()
        raise
    if cfg.get('default_scope') == 'mmdet':
        require_detection()
    return cfg

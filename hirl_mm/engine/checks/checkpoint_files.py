"""Whether the checkpoints of a run can be read, said before it starts."""

from mmengine.config import Config
from mmengine.runner import find_latest_checkpoint

from hirl_mm.checkpoints import read_checkpoint, read_state_dict
from hirl_mm.checkpoints.reader import is_address
from hirl_mm.engine.runtime.trust import is_strict, pretrained_init_cfgs


def check_checkpoint_files(cfg: Config, *, training: bool) -> None:
    """Open the files that a Runner of this config is going to load.

    They are opened without reading their tensors, which takes a moment.
    Addresses such as ``https://...`` are left to the run.

    Args:
        cfg: With ``work_dir``; ``trust_checkpoint`` says whether files may
            hold more than tensors.
        training: Whether the model is initialised, too.

    Raises:
        FileNotFoundError: If a file is missing.
        OSError: If a file is no checkpoint, or only half of one.
        ValueError: If a file holds no weights, needs ``--trust-checkpoint``,
            or none is given where one is needed.
    """
    trust = cfg.get('trust_checkpoint', False)
    init_cfgs = pretrained_init_cfgs(cfg.get('model')) if training else ()
    for init_cfg in init_cfgs:
        file = init_cfg.get('checkpoint')
        if is_strict(init_cfg):
            _check(read_state_dict, file, init_cfg.get('trust', False))
        elif file:
            _check(read_checkpoint, file, trust)
    file = _resumed_or_loaded(cfg)
    if file:
        _check(read_checkpoint, file, trust)


def _check(read, file: str | None, trust: bool) -> None:
    if not file or not is_address(file):
        read(file, trust)


def _resumed_or_loaded(cfg: Config) -> str | None:
    """The file that ``Runner.load_or_resume`` chooses."""
    if cfg.get('load_from') or not cfg.get('resume', False):
        return cfg.get('load_from')
    return find_latest_checkpoint(cfg.work_dir)

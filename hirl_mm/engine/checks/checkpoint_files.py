"""Check before a run starts that it can read its checkpoints."""

from mmengine.config import Config

from hirl_mm.checkpoints import read_checkpoint, read_state_dict
from hirl_mm.checkpoints.reader import is_address
from hirl_mm.engine.runtime.found_checkpoints import find_for
from hirl_mm.engine.runtime.trust import is_strict, pretrained_init_cfgs

from .checkpoint_contents import check_resumable, check_state_dict


def check_checkpoint_files(cfg: Config, *, training: bool) -> None:
    """Check the files that a Runner of this config is going to load.

    The files are read as a whole, to find damage, but their tensors are not
    loaded. Addresses such as ``https://...`` are not checked.

    Args:
        cfg: A config with ``work_dir``. Its ``trust_checkpoint`` says whether
            files may hold more than tensors.
        training: Whether the run trains, and therefore also loads the files
            of every ``init_cfg`` of the model.

    Raises:
        FileNotFoundError: If a file is missing.
        OSError: If a file is no checkpoint, is incomplete or damaged.
        ValueError: If a file holds no weights or needs
            ``--trust-checkpoint``, a training cannot be resumed from it, or
            an ``init_cfg`` or ``load_from`` that needs a checkpoint names
            none.
    """
    trust = cfg.get('trust_checkpoint', False)
    if training and cfg.get('load_from') == '' and not cfg.get('resume'):
        raise ValueError(
            f'{cfg.filename} trains on from the weights of another training: '
            'give its checkpoint, --cfg-options load_from=FILE'
        )
    init_cfgs = pretrained_init_cfgs(cfg.get('model')) if training else ()
    for init_cfg in init_cfgs:
        file = init_cfg.get('checkpoint')
        if is_strict(init_cfg):
            if not file or not is_address(file):
                read_state_dict(file, init_cfg.get('trust', False))
        elif file and not is_address(file):
            read_checkpoint(file, trust)
    file = _resumed_or_loaded(cfg)
    if file and not is_address(file):
        content = read_checkpoint(file, trust)
        check_state_dict(content, file)
        if training and cfg.get('resume', False):
            check_resumable(content, file)


def _resumed_or_loaded(cfg: Config) -> str | None:
    """Return the file that ``Runner.load_or_resume`` chooses."""
    if cfg.get('load_from') or not cfg.get('resume', False):
        return cfg.get('load_from')
    return find_for(cfg).file

from mmengine.config import Config

from .hook_entries import entries_of

# Hooks of every training, by their names in ``default_hooks``.
RUN_HOOKS = dict(
    work_folder='WorkFolderHook',
    start_check='StartCheckHook',
    resume_position='ResumePositionHook',
)


def add_run_hooks(cfg: Config) -> None:
    """Add the hooks of every training that a config does not have.

    Configs of this project have them already; those of MMPreTrain and
    MMDetection do not.

    Args:
        cfg: A training config, changed in place.
    """
    cfg.setdefault('default_hooks', {})
    for name, kind in RUN_HOOKS.items():
        if name not in cfg.default_hooks and not entries_of(cfg, kind):
            cfg.default_hooks[name] = dict(type=f'hirl_mm.{kind}')

from contextlib import AbstractContextManager, nullcontext

from mmengine.config import Config

from hirl_mm.engine.watch.rank_watch import TIMEOUT, RankWatch

from .hook_entries import entries_of


def configured_watch(cfg: Config) -> AbstractContextManager:
    """Return a watch over the ranks of a training, for a whole tool.

    Args:
        cfg: Config of the training; without a RankWatchHook nothing watches.
    """
    entries = entries_of(cfg, 'RankWatchHook')
    if not entries:
        return nullcontext()
    return RankWatch(entries[0].get('timeout', TIMEOUT))

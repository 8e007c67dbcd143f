"""Random numbers of the data loader of a training."""

from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Sampler

from hirl_mm.datasets.seeded_batches import SeededBatches

# Entry of the message hub, and so of checkpoints.
_SEED_KEY = 'sampler_seed'


def seed_samples(loop: BaseLoop) -> SeededBatches | None:
    """Let the data loader of a training seed the samples of its batches.

    Args:
        loop: Loop of the training, before its first batch is read.

    Returns:
        The batch sampler of the loader; None if it has none, because it joins
        no samples to batches or reads a stream.
    """
    loader = loop.dataloader
    batches = getattr(loader, 'batch_sampler', None)
    if batches is None or isinstance(batches, SeededBatches):
        return batches
    seeded = SeededBatches(batches)
    # A DataLoader accepts no other one after it was made; it has read no
    # batch yet.
    object.__setattr__(loader, 'batch_sampler', seeded)
    return seeded


def keep_sampler_seed(runner: Runner, sampler: Sampler) -> None:
    """Let a resumed run draw its samples in the order of its first start.

    A sampler whose config has no seed gets that of the Runner, or draws one,
    before the checkpoint is read.

    Args:
        runner: Runner of the training, after a checkpoint was read.
        sampler: Sampler of the training; one without a seed stays as it is.
    """
    if not hasattr(sampler, 'seed'):
        return
    hub = runner.message_hub
    given = (runner.cfg.train_dataloader.get('sampler') or {}).get('seed')
    if runner.iter and given is None:
        sampler.seed = hub.runtime_info.get(_SEED_KEY, sampler.seed)
    hub.update_info(_SEED_KEY, sampler.seed)

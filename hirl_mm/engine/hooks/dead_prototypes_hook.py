from mmengine.dist import all_reduce
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.checks.errors import StoppedError
from hirl_mm.models.modules import PrototypeUse, prototype_uses
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook

_STATE = 'epochs_of_dead_prototypes'


@HOOKS.register_module()
class DeadPrototypesHook(NamedHook):
    """Log how many prototypes of SwAV or SS-PRL got no image in an epoch.

    An image goes to the prototype that its view is assigned to most; all
    ranks count together. One line per epoch and the scalars
    ``prototypes/dead`` and ``prototypes/dead_share`` tell number and share
    of the prototypes without images; in SS-PRL every scale has its own. Other
    methods have no such prototypes. The levels of a tree of HIRL are told
    with the tree, and limited by the ``guard`` of the HierarchicalKMeansHook.

    Args:
        max_share: Largest share of dead prototypes that is taken for good; 1
            for any.
        patience: Number of epochs in a row with more that stop the training.
            A resumed run goes on with the count.

    Raises:
        ValueError: If an argument is out of range.
        StoppedError: After ``patience`` epochs with too many dead prototypes.
    """

    config_name = 'dead_prototypes'
    # Before the checkpoint of the epoch, which holds the count.
    priority = 'NORMAL'

    def __init__(self, max_share: float = 1.0, patience: int = 3) -> None:
        if not 0 <= max_share <= 1 or patience < 1:
            raise ValueError(
                'max_share must lie in [0, 1] and patience be at least 1, '
                f'got {max_share} and {patience}'
            )
        self.max_share = max_share
        self.patience = patience
        self._num_bad = 0

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if runner._resume:
            self._num_bad = checkpoint.get(_STATE, 0)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        checkpoint[_STATE] = self._num_bad

    def before_train(self, runner: Runner) -> None:
        self._uses = prototype_uses(get_ori_model(runner.model))

    def before_train_epoch(self, runner: Runner) -> None:
        for use in self._uses.values():
            use.restart()

    def after_train_epoch(self, runner: Runner) -> None:
        epoch = runner.epoch + 1
        found = {
            name: dead_prototypes(use)
            for name, use in self._uses.items()
            if use.counts is not None
        }
        if not found:
            return
        told = [
            f'{name} {dead} of {num} ({dead / num:.1%})'
            for name, (dead, num) in found.items()
        ]
        what = f'prototypes without an image in epoch {epoch}: '
        what += ', '.join(told)
        runner.logger.info(what)
        scalars: dict[str, float] = {}
        for i, (dead, num) in enumerate(found.values()):
            scale = f'scale{i}_' if len(found) > 1 else ''
            scalars[f'prototypes/{scale}dead'] = dead
            scalars[f'prototypes/{scale}dead_share'] = dead / num
        runner.visualizer.add_scalars(scalars, step=epoch)
        most = max(dead / num for dead, num in found.values())
        self._num_bad = self._num_bad + 1 if most > self.max_share else 0
        if self._num_bad >= self.patience:
            raise StoppedError(
                f'{what}. The maximum is {self.max_share:.1%} '
                f'(default_hooks.{self.config_name}.max_share), epochs in a '
                f'row with more: {self._num_bad}. Training stops here. Use '
                'fewer prototypes, a larger epsilon or a lower '
                'optim_wrapper.optimizer.lr'
            )


def dead_prototypes(use: PrototypeUse) -> tuple[int, int]:
    """Return the numbers of prototypes without images and of all.

    A collective call: all ranks must make it.

    Args:
        use: Counts of this rank, which has had at least one batch.
    """
    assert use.counts is not None
    counts = use.counts.clone()
    all_reduce(counts)
    return int((counts == 0).sum()), len(counts)

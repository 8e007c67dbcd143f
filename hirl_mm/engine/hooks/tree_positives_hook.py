from functools import partial

from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.checks.positives import pair_sampler_of
from hirl_mm.features import draw_members
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.registry import HOOKS
from hirl_mm.structures import NO_LEAF

from .named_hook import NamedHook


@HOOKS.register_module()
class TreePositivesHook(NamedHook):
    """Draw the positives of CsMl from the tree of prototypes.

    A positive is another image of the same cluster, drawn uniformly; an image
    alone in its cluster is its own positive. As long as there is no tree,
    positives are those of a
    :class:`~hirl_mm.engine.hooks.NeighborBankHook` if the training has one,
    otherwise every image is its own positive. No paper has this.

    Args:
        level: Level of the clusters: 0 for images of the same leaf, 1 for
            those of the same branch, and so on.

    Raises:
        ValueError: Before the first iteration, if the model has no tree or
            too few levels, or the training has no ``NeighborPairSampler``.
    """

    config_name = 'tree_positives'
    # After the hook that builds the tree.
    priority = 'LOW'
    gives_positives = True

    def __init__(self, level: int = 0) -> None:
        self.level = level

    def before_train(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        if not isinstance(model, HIRLAlgorithm):
            raise ValueError(
                'TreePositivesHook draws from the tree of a HIRLAlgorithm, '
                f'but the model is a {type(model).__name__}: use '
                "model.type='hirl_mm.HIRLCsMl', or a NeighborBankHook"
            )
        num_levels = model.spd_head.num_levels
        if not 0 <= self.level < num_levels:
            raise ValueError(
                f'level must be between 0 and {num_levels - 1}, since the '
                f'tree has {num_levels} levels, got {self.level}'
            )
        self._sampler = pair_sampler_of(runner.train_dataloader)
        self._sampler.own_positives = True

    def before_train_epoch(self, runner: Runner) -> None:
        tree = get_ori_model(runner.model).tree
        if tree is not None:
            labels = tree.labels(self.level).cpu()
            self._sampler.set_positives(
                partial(draw_members, labels), labels == NO_LEAF
            )

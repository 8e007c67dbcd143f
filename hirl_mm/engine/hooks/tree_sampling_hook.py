from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.checks.sampling import check_takes_tree
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook


@HOOKS.register_module()
class TreeSamplingHook(NamedHook):
    """Give the tree of prototypes to the sampler of the training.

    Before every epoch that has a tree, the
    :class:`~hirl_mm.datasets.samplers.HierarchicalSampler` gets that of the
    model, and draws the images of the epoch balanced over its branches. A
    resumed run has the tree of its checkpoint and repeats the draw.

    Raises:
        StartError: Before the first iteration, if the model has no tree, or
            the training has no ``HierarchicalSampler``.
    """

    config_name = 'tree_sampling'
    # After the hook that builds the tree.
    priority = 'LOW'
    gives_tree = True

    def before_train(self, runner: Runner) -> None:
        check_takes_tree(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        tree = get_ori_model(runner.model).tree
        if tree is not None:
            runner.train_dataloader.sampler.set_tree(tree)

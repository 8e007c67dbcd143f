"""Trees that are wrong on purpose, to find out what a right one is good for.

A config plugs them in, see :class:`TreeControlHook`.
"""

from dataclasses import replace

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.registry import HOOKS
from hirl_mm.structures import NO_LEAF, PrototypeTree


def with_shuffled_parents(tree: PrototypeTree, seed: int) -> PrototypeTree:
    """Return a tree whose prototypes have the parents of others.

    The leaves of the samples and all prototypes stay, and a prototype keeps
    its number of children; which children these are is random, on every
    level. A gain that such a tree gives, too, is not due to the hierarchy,
    but to the clusters of level 0 or to several levels of any kind.

    Args:
        tree: Tree of at least two levels; with one it stays as it is.
        seed: Seed of the permutations.
    """
    generator = torch.Generator().manual_seed(seed)
    return replace(
        tree, parents=[_shuffled(p, generator) for p in tree.parents]
    )


def with_random_leaves(tree: PrototypeTree, seed: int) -> PrototypeTree:
    """Return a tree in which the samples have the leaves of others.

    Prototypes and parents stay, and every prototype of every level keeps its
    number of samples. Samples without a leaf stay without one. A gain that
    such a tree gives, too, is due to the further loss alone.

    Args:
        tree: Tree over N samples.
        seed: Seed of the permutation.
    """
    generator = torch.Generator().manual_seed(seed)
    has_leaf = tree.leaf != NO_LEAF
    leaf = tree.leaf.clone()
    leaf[has_leaf] = _shuffled(tree.leaf[has_leaf], generator)
    return replace(tree, leaf=leaf)


CONTROLS = dict(
    shuffled_parents=with_shuffled_parents, random_leaves=with_random_leaves
)


@HOOKS.register_module()
class TreeControlHook(Hook):
    """Train on trees that are wrong on purpose.

    Every tree that a :class:`~hirl_mm.engine.hooks.HierarchicalKMeansHook`
    has built is replaced in the model. ``work_dir/prototype_trees`` has the
    trees as they were built, checkpoints have those that the model trains
    on. In a config::

        custom_imports = dict(imports=['hirl_mm.studies.tree_controls'])
        default_hooks = dict(
            tree_control=dict(
                type='hirl_mm.TreeControlHook', control='shuffled_parents'))

    Args:
        control: ``'shuffled_parents'``, see :func:`with_shuffled_parents`, or
            ``'random_leaves'``, see :func:`with_random_leaves`.
        seed: Seed; the epoch is added to it, so that a resumed training
            repeats what an uninterrupted one does.

    Raises:
        ValueError: If the control is unknown, or, before the first iteration,
            if the model has no tree.
    """

    # After the hook that builds the tree.
    priority = 'LOW'

    def __init__(self, control: str, seed: int = 0) -> None:
        if control not in CONTROLS:
            raise ValueError(
                f'control must be one of {", ".join(CONTROLS)}, got '
                f'{control!r}'
            )
        self.control = control
        self.seed = seed
        self._made: PrototypeTree | None = None

    def before_train(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        if not isinstance(model, HIRLAlgorithm):
            raise ValueError(
                'TreeControlHook replaces the trees of a HIRLAlgorithm, but '
                f'the model is a {type(model).__name__}: remove the hook, or '
                'train a HIRL variant'
            )
        self._made = model.tree  # That of a checkpoint, made before.

    def before_train_epoch(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        if model.tree is None or model.tree is self._made:
            return
        change = CONTROLS[self.control]
        model.set_tree(change(model.tree, self.seed + runner.epoch))
        self._made = model.tree


def _shuffled(
    values: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    order = torch.randperm(len(values), generator=generator)
    return values[order.to(values.device)]

"""Checks that a sampler which draws from a tree gets one."""

from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.datasets.samplers import HierarchicalSampler
from hirl_mm.models.selfsup import HIRLAlgorithm

from .errors import StartError


def check_takes_tree(runner: Runner) -> None:
    """Check that a training has a tree and a sampler for it.

    Args:
        runner: Runner of a training with a ``TreeSamplingHook``.

    Raises:
        StartError: If the model has no tree, or the sampler takes none.
    """
    model, loader = get_ori_model(runner.model), runner.train_dataloader
    if not isinstance(model, HIRLAlgorithm):
        raise StartError(
            'TreeSamplingHook needs the tree of a HIRLAlgorithm, but the '
            f'model is a {type(model).__name__}: train with HIRL, or remove '
            'the hook and use a DefaultSampler'
        )
    if not isinstance(loader.sampler, HierarchicalSampler):
        raise StartError(
            'TreeSamplingHook gives the tree to a HierarchicalSampler, but '
            f'the training has a {type(loader.sampler).__name__}: set '
            'train_dataloader.sampler='
            "dict(_delete_=True, type='hirl_mm.HierarchicalSampler')"
        )


def check_sampling(runner: Runner) -> None:
    """Check that a sampler which draws from a tree is given one.

    Args:
        runner: Runner of a training.

    Raises:
        StartError: If the sampler is a ``HierarchicalSampler``, and no hook
            gives it a tree: it would shuffle like any other.
    """
    sampler = runner.train_dataloader.sampler
    given = any(getattr(hook, 'gives_tree', False) for hook in runner.hooks)
    if isinstance(sampler, HierarchicalSampler) and not given:
        raise StartError(
            'the HierarchicalSampler gets no tree: add tree_sampling='
            "dict(type='hirl_mm.TreeSamplingHook') to default_hooks, or use "
            'a DefaultSampler'
        )

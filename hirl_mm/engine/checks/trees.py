"""Check before the first iteration that a run can train on trees."""

from mmengine.runner import Runner
from torch import nn

from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.structures import PrototypeTree

from .epochs import check_counts_epochs


def check_takes_trees(
    model: nn.Module, num_prototypes: tuple[int, ...]
) -> None:
    """Check that a model can train on trees with these numbers of prototypes.

    Args:
        model: The model that the Runner trains, without a wrapper.
        num_prototypes: Number of prototypes per level, from fine to coarse.

    Raises:
        TypeError: If the model is not a HIRLAlgorithm.
        ValueError: If the model's head has another number of levels, or the
            finest level has fewer than 2 prototypes.
    """
    if not isinstance(model, HIRLAlgorithm):
        raise TypeError(
            'HierarchicalKMeansHook gives its tree to a HIRLAlgorithm, '
            'such as hirl_mm.HIRLMoCo, but the model is a '
            f'{type(model).__name__}'
        )
    if model.spd_head.num_levels != len(num_prototypes):
        raise ValueError(
            f'num_prototypes {num_prototypes} makes a tree of '
            f'{len(num_prototypes)} levels, but spd_head has '
            f'num_levels={model.spd_head.num_levels}: make them equal'
        )
    if num_prototypes[0] < 2:
        raise ValueError(
            'num_prototypes needs at least 2 prototypes at its finest '
            f'level, to have a negative path, got {num_prototypes}'
        )


def check_has_second_stage(runner: Runner, start_epoch: int) -> None:
    """Check that a training has epochs with a tree.

    Args:
        runner: The Runner of the training.
        start_epoch: First epoch with a tree, counted from 0.

    Raises:
        ValueError: If the training counts iterations only, or has no epoch
            ``start_epoch``.
    """
    check_counts_epochs(
        runner, 'HierarchicalKMeansHook clusters before epochs'
    )
    if start_epoch >= runner.max_epochs:
        raise ValueError(
            f'start_epoch={start_epoch} leaves no epoch with a tree '
            f'in a training of max_epochs={runner.max_epochs}: lower '
            'start_epoch (the paper uses a tenth of the epochs)'
        )


def tree_misfit(
    tree: PrototypeTree, num_prototypes: tuple[int, ...], num_images: int
) -> str | None:
    """Return why a run cannot go on with a tree, None if the sizes agree.

    Args:
        tree: Tree of a checkpoint.
        num_prototypes: Number of prototypes per level that the run wants.
        num_images: Number of training images.
    """
    found = tree.num_prototypes
    if found == num_prototypes and len(tree.leaf) == num_images:
        return None
    return (
        f'a tree of {found} prototypes over {len(tree.leaf)} images, this run '
        f'wants {num_prototypes} over {num_images}'
    )

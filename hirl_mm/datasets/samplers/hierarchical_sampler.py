import itertools
from collections.abc import Iterator

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from torch.utils.data import Dataset

from hirl_mm.datasets.image_numbers import image_numbers
from hirl_mm.hierarchy import draw_repeated
from hirl_mm.registry import DATA_SAMPLERS
from hirl_mm.structures import PrototypeTree


@DATA_SAMPLERS.register_module()
class HierarchicalSampler(DefaultSampler):
    """Sampler that draws every epoch balanced over the branches of a tree.

    As many images as the data set has are drawn: every branch of the tree
    gets an equal share of those of the branch above it, so that images of
    small branches come several times and images of large ones do not all
    come. This is the hierarchical sampling of `automatic data curation
    <https://arxiv.org/abs/2405.15613>`_ during training, with repetition. As
    long as there is no tree, it is MMEngine's ``DefaultSampler``.

    The tree is that of the :class:`~hirl_mm.engine.hooks.TreeSamplingHook`.
    The draw is made in the main process when an epoch begins, so that
    persistent workers follow it. It depends on seed, epoch and tree, but not
    on the number of processes, which take turns in one common order. Images
    that could not be read when the tree was built are not drawn.

    Args:
        dataset: Data set of the training.
        max_repeats: Largest number of times that an image is drawn per epoch.
            1 would be a plain shuffle; the larger it is, the more even are
            branches of different sizes.
        seed: Seed of the order and of the draws, the same on all ranks.
        round_up: Whether to add samples, so that all ranks have equally many.

    Raises:
        ValueError: If ``max_repeats`` is less than 2.

    Example:
        In a config of a training with HIRL::

            train_dataloader = dict(
                sampler=dict(
                    _delete_=True, type='hirl_mm.HierarchicalSampler'))
            default_hooks = dict(
                tree_sampling=dict(type='hirl_mm.TreeSamplingHook'))
    """

    def __init__(
        self,
        dataset: Dataset,
        max_repeats: int = 4,
        seed: int | None = None,
        round_up: bool = True,
    ) -> None:
        if max_repeats < 2:
            raise ValueError(
                f'max_repeats must be at least 2, got {max_repeats}: if no '
                'image is drawn twice, nothing is balanced; use a '
                'DefaultSampler'
            )
        super().__init__(dataset, True, seed, round_up)
        self.max_repeats = max_repeats
        self._tree: PrototypeTree | None = None

    def set_tree(self, tree: PrototypeTree) -> None:
        """Set the tree of the epochs to come.

        Args:
            tree: Tree of the images of the data set; at least one of them
                has a leaf.
        """
        self._tree = tree

    def __iter__(self) -> Iterator[int]:
        if self._tree is None:
            return super().__iter__()
        order = self._drawn(self._tree).tolist()
        mine = range(self.rank, self.total_size, self.world_size)
        if len(order) < self.total_size:
            order = list(itertools.islice(itertools.cycle(order), mine.stop))
        return iter([order[i] for i in mine])

    def _drawn(self, tree: PrototypeTree) -> np.ndarray:
        """Return the samples of all ranks, in order."""
        numbers = image_numbers(self.dataset)
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        images = draw_repeated(
            tree.leaf.cpu(),
            [parent.cpu() for parent in tree.parents],
            tree.num_prototypes,
            len(numbers),
            self.max_repeats,
            generator,
        ).numpy()
        _, sample_of = np.unique(numbers, return_index=True)
        return sample_of[images]

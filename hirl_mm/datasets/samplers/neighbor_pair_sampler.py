from collections.abc import Callable, Iterator

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from torch import Tensor
from torch.utils.data import Dataset

from hirl_mm.datasets.image_numbers import image_numbers
from hirl_mm.registry import DATA_SAMPLERS

DrawPositives = Callable[[int, torch.Generator], Tensor]


@DATA_SAMPLERS.register_module()
class NeighborPairSampler(DefaultSampler):
    """Sampler of images with a positive each, for CsMl.

    It goes through the data set like MMEngine's ``DefaultSampler``. After
    every image, the anchor, it gives the positives of that image: anchor,
    positive, anchor, positive, and so on. A batch therefore has
    ``1 + num_positives`` images per anchor, and an epoch as many times the
    images of the data set.

    The positives of an epoch are drawn in the main process when the epoch
    begins, from what :meth:`set_positives` was given last. Workers only get
    the numbers of images, so that persistent workers use new positives, too.
    The draw depends on the seed and the epoch, and not on the number of
    processes.

    Args:
        dataset: Data set of the training.
        num_positives: Number of positives per anchor.
        own_positives: Use every image as its own positive (k = 0 in the
            paper), as long as no hook sets other ones.
        shuffle: Whether to shuffle the anchors.
        seed: Seed of the order and of the positives, the same on all ranks.
        round_up: Whether to add samples, so that all ranks have equally many.

    Raises:
        ValueError: If ``num_positives`` is less than 1.

    Example:
        In a config, with 32 anchors per step::

            train_dataloader = dict(
                batch_size=64,
                sampler=dict(type='hirl_mm.NeighborPairSampler'))
            default_hooks = dict(
                neighbors=dict(type='hirl_mm.NeighborBankHook', ...))
    """

    def __init__(
        self,
        dataset: Dataset,
        num_positives: int = 1,
        own_positives: bool = False,
        shuffle: bool = True,
        seed: int | None = None,
        round_up: bool = True,
    ) -> None:
        if num_positives < 1:
            raise ValueError(
                f'num_positives must be at least 1, got {num_positives}'
            )
        super().__init__(dataset, shuffle, seed, round_up)
        self.num_positives = num_positives
        self.own_positives = own_positives
        self._numbers: np.ndarray | None = None
        self._draw: DrawPositives | None = None
        self._left_out: np.ndarray | None = None

    @property
    def group_size(self) -> int:
        """Number of images per anchor, including the anchor."""
        return 1 + self.num_positives

    def set_positives(
        self, draw: DrawPositives, left_out: Tensor | None = None
    ) -> None:
        """Set the positives of the epochs to come.

        Args:
            draw: Function of the number of positives and a generator that
                returns (N, ``num_positives``) long, the positives of all N
                images of the data set.
            left_out: (N,) bool, images that cannot be read. They are no
                anchors: random other images take their place.
        """
        self._draw = draw
        self._left_out = None if left_out is None else left_out.numpy()

    def __iter__(self) -> Iterator[int]:
        samples = np.fromiter(super().__iter__(), np.int64)
        if self._draw is None:
            positives = self._own(samples)
        else:
            samples, positives = self._drawn(samples, self._draw)
        pairs = np.concatenate([samples[:, None], positives], axis=1)
        return iter(pairs.ravel().tolist())

    def __len__(self) -> int:
        return super().__len__() * self.group_size

    def _own(self, samples: np.ndarray) -> np.ndarray:
        if not self.own_positives:
            raise ValueError(
                'NeighborPairSampler has no positives: add '
                "neighbors=dict(type='hirl_mm.NeighborBankHook', ...) to "
                'default_hooks, or set own_positives=True in the sampler '
                'to use every image as its own positive'
            )
        return np.repeat(samples[:, None], self.num_positives, axis=1)

    def _drawn(
        self, samples: np.ndarray, draw: DrawPositives
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return anchors and positives as indices of samples."""
        numbers, sample_of = self._images()
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        positives = draw(self.num_positives, generator).numpy()
        if self._left_out is not None and self._left_out.any():
            present = np.flatnonzero(~self._left_out)
            others = torch.randint(
                len(present), (len(numbers),), generator=generator
            )
            others = sample_of[present[others.numpy()]]
            absent = self._left_out[numbers[samples]]
            samples = np.where(absent, others[samples], samples)
        return samples, sample_of[positives[numbers[samples]]]

    def _images(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the image of every sample, and a sample of every image."""
        if self._numbers is None:
            self._numbers = image_numbers(self.dataset)
            _, self._sample_of = np.unique(self._numbers, return_index=True)
        return self._numbers, self._sample_of

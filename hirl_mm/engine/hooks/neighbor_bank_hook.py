import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model
from torch import Tensor

from hirl_mm.engine.checks.positives import pair_sampler_of
from hirl_mm.engine.features.feature_pass import feature_pass, pooled_backbone
from hirl_mm.engine.runtime.run_files import (
    NEIGHBORS_FOLDER,
    epoch_files,
    save_of_epoch,
)
from hirl_mm.evaluation.functional import kept_share
from hirl_mm.features import draw_neighbors, neighbor_table_of
from hirl_mm.models.modules import pooled
from hirl_mm.registry import HOOKS
from hirl_mm.structures import NeighborTable

from .feature_pass_hook import FeaturePassHook

_WHAT = 'CsMl neighbours'


@HOOKS.register_module()
class NeighborBankHook(FeaturePassHook):
    """Find the nearest neighbours from which CsMl draws its positives.

    Section 3.2 of `CsMl <https://arxiv.org/abs/2012.02733>`_. Every
    ``interval`` epochs, beginning with epoch ``start_epoch``, this hook
    extracts the pooled features of all training images, finds the ``k``
    images with the largest cosine similarity to every image, and gives them
    to the :class:`~hirl_mm.datasets.samplers.NeighborPairSampler` of the
    training. An image is not its own neighbour, copies of it are. An image
    that cannot be read is its own positive.

    The neighbours are saved in every checkpoint and in
    ``work_dir/neighbors``. A resumed run continues with those of its
    checkpoint, unless they are of other images or another ``k``.

    Args:
        pipeline: Data pipeline of the feature pass; it replaces the pipeline
            of the training data set.
        k: Number of neighbours of every image; the released code uses 5.
        encoder: Network of the features: ``'query'``, the trained backbone
            (paper), or ``'key'``, its moving average (released code).
        start_epoch: Number of epochs before the first search. The sampler
            needs ``own_positives=True`` if it is not 0.
        interval: Number of epochs from one search to the next.
        batch_size: Batch size of the feature pass, per rank.
        num_workers: Worker processes of the feature pass, per rank.
        max_keep_files: Number of latest files in ``work_dir/neighbors`` to
            keep; -1 for all.

    Raises:
        ValueError: If an argument is out of range; before the first
            iteration, if the training has no ``NeighborPairSampler``, too few
            images, or a model without the encoder.
        FeaturePassError: If features are NaN or infinite.
    """

    config_name = 'neighbors'
    state_key = 'nearest_neighbors'
    gives_positives = True

    def __init__(
        self,
        pipeline: list[dict],
        k: int = 10,
        encoder: str = 'query',
        start_epoch: int = 0,
        interval: int = 5,
        batch_size: int = 256,
        num_workers: int = 4,
        max_keep_files: int = 3,
    ) -> None:
        super().__init__(
            start_epoch, pipeline, interval, batch_size, num_workers
        )
        if k < 1:
            raise ValueError(
                f'k must be at least 1, got {k}; for k = 0 of the paper leave '
                'out this hook and set own_positives=True in the sampler'
            )
        if encoder not in ('query', 'key'):
            raise ValueError(
                f"encoder must be 'query' or 'key', got {encoder!r}"
            )
        self.k = k
        self.encoder = encoder
        self.max_keep_files = max_keep_files
        self._table: NeighborTable | None = None
        self._files: list[Path] = []

    def has_result(self, runner: Runner) -> bool:
        return self._table is not None

    def result_state(self, runner: Runner) -> dict:
        assert self._table is not None
        return self._table.state_dict()

    def take_state(self, runner: Runner, state: dict | None) -> None:
        self._table = None
        if state is not None:
            self._set_table(NeighborTable.from_state_dict(state))

    def misfit(self, state: dict) -> str | None:
        table = NeighborTable.from_state_dict(state)
        if (table.num_images, table.k) == (len(self.loader.dataset), self.k):
            return None
        return (
            f'{table.k} neighbours of each of {table.num_images} images, not '
            f'{self.k} of {len(self.loader.dataset)}'
        )

    def before_train(self, runner: Runner) -> None:
        self._sampler = pair_sampler_of(runner.train_dataloader)
        num = self._sampler.num_positives
        if num > self.k:
            raise ValueError(
                f'the sampler draws {num} different positives from k={self.k} '
                f'neighbours: use NeighborBankHook with k={num} or more'
            )
        model = get_ori_model(runner.model)
        if self.encoder == 'key' and not hasattr(model, 'key_backbone'):
            raise ValueError(
                f"NeighborBankHook has encoder='key', but "
                f'{type(model).__name__} has no key_backbone, the moving '
                "average of its backbone: use encoder='query'"
            )
        super().before_train(runner)
        num_images = len(self.loader.dataset)
        if self.k >= num_images:
            raise ValueError(
                f'NeighborBankHook needs more than k={self.k} images, since '
                f'no image is its own neighbour, got {num_images}: use a '
                'smaller k'
            )
        self._files = epoch_files(
            runner.work_dir, NEIGHBORS_FOLDER, runner.epoch
        )

    def refresh(self, runner: Runner, epoch: int) -> None:
        """Find the neighbours of all images and give them to the sampler."""
        begin = time.perf_counter()
        model = get_ori_model(runner.model)
        sample_idx, features = feature_pass(
            model, self._extract(model), self.loader, _WHAT
        )
        extracted = time.perf_counter()
        neighbors = neighbor_table_of(
            features,
            self.k,
            sample_idx=sample_idx,
            num_samples=len(self.loader.dataset),
        ).cpu()
        seconds = dict(
            extract=extracted - begin, search=time.perf_counter() - extracted
        )
        table = NeighborTable(neighbors, self.data, self.run)
        last, kept = self._table, None
        self._set_table(table)
        if last is not None:
            kept = kept_share(last.neighbors, table.neighbors)
        self._report(runner, kept, seconds, epoch)
        if is_main_process():
            self._files = save_of_epoch(
                table,
                Path(runner.work_dir) / NEIGHBORS_FOLDER,
                epoch + 1,
                self._files,
                self.max_keep_files,
            )

    def _extract(self, model: BaseModel) -> Callable[[Tensor], Tensor]:
        if self.encoder == 'query':
            return pooled_backbone(model)
        return lambda inputs: pooled(model.key_backbone(inputs)[-1])

    def _set_table(self, table: NeighborTable) -> None:
        self._table = table
        self._sampler.set_positives(
            partial(draw_neighbors, table.neighbors), table.without_neighbors
        )

    def _report(
        self,
        runner: Runner,
        kept: float | None,
        seconds: dict[str, float],
        epoch: int,
    ) -> None:
        scalars = {f'neighbors/seconds_{k}': s for k, s in seconds.items()}
        line = ', '.join(f'{what} {s:.1f} s' for what, s in seconds.items())
        if kept is not None:
            scalars['neighbors/kept'] = kept
            line += f', {kept:.1%} of the neighbours as before'
        runner.logger.info(f'{_WHAT} of epoch {epoch + 1}: k {self.k}, {line}')
        runner.visualizer.add_scalars(scalars, step=epoch + 1)

"""Candidates of the search for numbers of prototypes and negatives.

Section 5.1.3 of the paper describes the search.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config, ConfigDict
from mmengine.logging import MessageHub

from hirl_mm.checkpoints import read_checkpoint, tree_in
from hirl_mm.clustering import check_num_prototypes
from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.wrappers import build_dataset
from hirl_mm.engine.evaluation.held_out_loss import (
    check_batches,
    held_out_loss,
)
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.runtime.hook_entries import entries_of
from hirl_mm.registry import enter_scope, type_name

from ..run_folder import RunFolder

# Data sets that draw images several times; the others are split as they are.
_REPEATING = 'RepeatDataset', 'ClassBalancedDataset'


class Candidate(NamedTuple):
    """Numbers of prototypes and negatives to try.

    Args:
        num_prototypes: Number of prototypes per level, from fine to coarse.
        num_negatives: Number of negative paths.
    """

    num_prototypes: tuple[int, ...]
    num_negatives: int

    @property
    def name(self) -> str:
        """File name stem, such as ``'m30000-10000-1000_neg100'``."""
        nums = '-'.join(map(str, self.num_prototypes))
        return f'm{nums}_neg{self.num_negatives}'


def check_candidates(candidates: Sequence[Candidate]) -> None:
    """Check that candidates are valid and can be compared.

    Args:
        candidates: Candidates of a search.

    Raises:
        ValueError: If candidates have different numbers of levels, or
            numbers are out of range.
    """
    levels = {len(c.num_prototypes) for c in candidates}
    if len(levels) > 1:
        raise ValueError(
            f'the candidates have {sorted(levels)} levels, but losses of '
            'different numbers of levels have different scales: search one '
            'number of levels at a time'
        )
    for candidate in candidates:
        check_num_prototypes(candidate.num_prototypes)
        if candidate.num_prototypes[0] < 2 or candidate.num_negatives < 1:
            raise ValueError(
                'a candidate needs at least 2 prototypes at its finest level '
                f'and at least 1 negative path, got {candidate}'
            )


def candidate_configs(
    cfg: Config, candidates: Sequence[Candidate], num_held_out: int, seed: int
) -> dict[Candidate, Config]:
    """Return the config of the training of every candidate.

    Args:
        cfg: Config of a training with HIRL; it is not changed.
        candidates: Numbers that replace those of the config.
        num_held_out: Number of images to hold out of the training.
        seed: Seed of the draw of the held-out images, which are the same for
            all candidates.

    Raises:
        ValueError: If the config trains without HIRL, the candidates cannot
            be compared, or there are too few images.
    """
    check_candidates(candidates)
    configs = {
        candidate: _candidate_config(cfg, candidate, num_held_out, seed)
        for candidate in candidates
    }
    enter_scope(cfg)
    loader = configs[candidates[0]].train_dataloader
    check_batches(num_held_out, loader.batch_size)
    num_left = len(distinct_images(build_dataset(loader.dataset)))
    for candidate in candidates:
        check_num_prototypes(candidate.num_prototypes, num_left)
    return configs


def evaluate_run(
    cfg: Config, work_dir: Path, seed: int, trust: bool = False
) -> dict[str, float]:
    """Return the held-out loss of a finished training.

    Args:
        cfg: Config of the training, from :func:`candidate_configs`.
        work_dir: Work folder of the training, whose last checkpoint is read.
        seed: Seed of the views and the negative paths.
        trust: Whether the checkpoint may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.

    Returns:
        Losses ``loss_ssl``, ``loss_spd`` and ``joint``, see
        :func:`~hirl_mm.engine.evaluation.held_out_loss.held_out_loss`.

    Raises:
        ValueError: If the checkpoint holds no tree, or the held-out loss
            cannot be computed.
    """
    path = str(RunFolder(work_dir).last_checkpoint())
    model = load_pretrained(cfg, path, trust=trust)
    checkpoint = read_checkpoint(path, trust)
    tree = tree_in(checkpoint)
    if tree is None:
        raise ValueError(
            f'{path} holds no tree: its run had no second stage. Lower '
            'start_epoch of the HierarchicalKMeansHook, or train longer'
        )
    # Losses with a schedule read the epoch and the iteration from here.
    hub = MessageHub.get_current_instance()
    hub.load_state_dict(checkpoint['message_hub'])
    loader = cfg.train_dataloader
    return held_out_loss(
        model,
        tree,
        build_dataset(_held_out_part(loader.dataset)),
        _kmeans_hook(cfg).pipeline,
        loader.batch_size,
        loader.num_workers,
        seed,
    )


def _candidate_config(
    cfg: Config, candidate: Candidate, num_held_out: int, seed: int
) -> Config:
    cfg = copy.deepcopy(cfg)
    hook = _kmeans_hook(cfg)
    hook.num_prototypes = candidate.num_prototypes
    cfg.model.spd_head.num_levels = len(candidate.num_prototypes)
    cfg.model.spd_head.num_negatives = candidate.num_negatives
    cfg.train_dataloader.dataset = _split(
        cfg.train_dataloader.dataset, num_held_out, seed
    )
    return cfg


def _split(dataset: dict, num_held_out: int, seed: int) -> dict:
    """Split a data set; one that repeats images repeats those of its part."""
    if type_name(dataset['type']) in _REPEATING:
        return dict(
            dataset, dataset=_split(dataset['dataset'], num_held_out, seed)
        )
    return dict(
        type='hirl_mm.HeldOutSplit',
        dataset=dataset,
        num_held_out=num_held_out,
        seed=seed,
    )


def _held_out_part(dataset: dict) -> dict:
    """Return the config of the part that is not trained on."""
    while type_name(dataset['type']) in _REPEATING:
        dataset = dataset['dataset']
    return dict(dataset, held_out=True)


def _kmeans_hook(cfg: Config) -> ConfigDict:
    hooks = entries_of(cfg, 'HierarchicalKMeansHook')
    if not hooks or 'spd_head' not in cfg.model:
        raise ValueError(
            f'{cfg.filename} is no config of HIRL: its model needs an '
            'spd_head, and its default_hooks need a HierarchicalKMeansHook '
            'under the name kmeans, as in configs/hirl'
        )
    return hooks[0]

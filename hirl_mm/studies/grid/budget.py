"""What the trainings of a comparison have in common."""

import copy
from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise

from mmengine.config import Config

from hirl_mm.engine.runtime.hook_entries import entries_of
from hirl_mm.engine.runtime.stretched_schedules import (
    stretched,
    stretched_times,
)
from hirl_mm.registry import type_name


def with_epochs(cfg: Config, epochs: int) -> Config:
    """Return the config of a shorter or longer training.

    All schedules keep their shape, and the first tree of HIRL comes after the
    same share of the training.

    Args:
        cfg: Config of a training that counts epochs; it is not changed.
        epochs: How often the training sees the images. A training of CsMl
            sees several images per anchor and has as many times fewer epochs.

    Raises:
        ValueError: If the number is below 1, or the training counts
            iterations.
    """
    old = cfg.train_cfg.get('max_epochs')
    per_anchor = _images_per_anchor(cfg)
    if epochs < 1 or old is None or epochs % per_anchor:
        raise ValueError(
            'epochs must be at least 1, of a training with max_epochs, and a '
            f'multiple of its {per_anchor} image(s) per anchor; got {epochs} '
            f'and {dict(cfg.train_cfg)}'
        )
    epochs //= per_anchor
    cfg = copy.deepcopy(cfg)
    cfg.train_cfg.max_epochs = epochs
    share = epochs / old
    cfg.param_scheduler = stretched(cfg.get('param_scheduler') or (), share)
    for hook in entries_of(cfg, 'HierarchicalKMeansHook'):
        hook['start_epoch'] = stretched_times(hook['start_epoch'], share)
    return cfg


def check_equal_budgets(configs: Mapping[str, Config]) -> None:
    """Check that trainings see the same images equally often.

    The images per step may differ for a method that has several images per
    anchor; the anchors may not.

    Args:
        configs: Config by name of the arm, of one arm or none, too.

    Raises:
        ValueError: If epochs, batch sizes or images differ.
    """
    budgets = {name: _budget(cfg) for name, cfg in configs.items()}
    for first, name in pairwise(budgets):
        for what, value in budgets[first].items():
            if budgets[name][what] != value:
                raise ValueError(
                    f'{first} and {name} have different budgets: {what} '
                    f'{value} and {budgets[name][what]}. Give --epochs and '
                    '--cfg-options for all arms, or other configs'
                )


def _budget(cfg: Config) -> dict[str, object]:
    images = cfg.train_dataloader.dataset.to_dict()
    images.pop('pipeline', None)
    per_anchor = _images_per_anchor(cfg)
    epochs = cfg.train_cfg.get('max_epochs')
    return {
        'epochs': epochs and epochs * per_anchor,
        'batch size': Fraction(cfg.train_dataloader.batch_size, per_anchor),
        'images': images,
    }


def _images_per_anchor(cfg: Config) -> int:
    """Images of a step for every one that the epoch counts."""
    sampler = cfg.train_dataloader.get('sampler') or {}
    if type_name(sampler.get('type')) != 'NeighborPairSampler':
        return 1
    return 1 + sampler.get('num_positives', 1)

"""What the trainings of a comparison have in common."""

import copy
from collections.abc import Mapping

from mmengine.config import Config

from hirl_mm.engine.runtime.hook_entries import entries_of

# Entries of a schedule that count epochs or iterations.
_TIMES = 'begin', 'end', 'T_max', 'milestones'


def with_epochs(cfg: Config, epochs: int) -> Config:
    """Return the config of a shorter or longer training.

    All schedules keep their shape, and the first tree of HIRL comes after the
    same share of the training.

    Args:
        cfg: Config of a training that counts epochs; it is not changed.
        epochs: Number of epochs.

    Raises:
        ValueError: If the number is below 1, or the training counts
            iterations.
    """
    old = cfg.train_cfg.get('max_epochs')
    if epochs < 1 or old is None:
        raise ValueError(
            f'epochs must be at least 1, of a training with max_epochs; got '
            f'{epochs} and {dict(cfg.train_cfg)}'
        )
    cfg = copy.deepcopy(cfg)
    cfg.train_cfg.max_epochs = epochs
    for schedule in cfg.get('param_scheduler') or ():
        for name in _TIMES:
            if name in schedule:
                schedule[name] = _scaled(schedule[name], epochs / old)
    for hook in entries_of(cfg, 'HierarchicalKMeansHook'):
        hook['start_epoch'] = _scaled(hook['start_epoch'], epochs / old)
    return cfg


def check_equal_budgets(configs: Mapping[str, Config]) -> None:
    """Check that trainings see the same images equally often.

    Args:
        configs: Config by name of the arm.

    Raises:
        ValueError: If epochs, batch sizes or images differ.
    """
    budgets = {name: _budget(cfg) for name, cfg in configs.items()}
    first, *others = budgets
    for name in others:
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
    return {
        'epochs': cfg.train_cfg.get('max_epochs'),
        'batch size': cfg.train_dataloader.batch_size,
        'images': images,
    }


def _scaled(times: object, share: float) -> object:
    if isinstance(times, list | tuple):
        return [_scaled(time, share) for time in times]
    return round(times * share)

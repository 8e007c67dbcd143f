"""Learning rates and their schedules."""

from collections.abc import Iterator, Mapping

from mmengine.config import Config

from hirl_mm.engine.runtime.stretched_schedules import stretched
from hirl_mm.planning.setting import Setting

from .schedule import Schedule

_KEY = 'optim_wrapper.optimizer'
# What the demo learns with in a short training: rate and decay of AdamW; and
# the least rate of a recipe with AdamW.
_SHORT = 1e-3, 1e-2
_LEAST = 5e-4


def optimizer_settings(
    recipe: Config, images_per_step: int, schedule: Schedule
) -> Iterator[Setting]:
    """Yield optimizer and schedules.

    A long training has the optimizer of the recipe with a rate in proportion
    to the images of a step; a short one has AdamW.

    Args:
        recipe: Config of the recipe.
        images_per_step: Images of a step that the recipe's rate is for.
        schedule: Length of the training.
    """
    optimizer = recipe.optim_wrapper.optimizer
    share = schedule.images_per_step / images_per_step
    rate = float(f'{optimizer.lr * share:.3g}')
    few = f'{schedule.num_steps:,} steps are too few for'
    if not schedule.is_short:
        yield Setting(
            f'{_KEY}.lr',
            rate,
            f'{optimizer.lr:g} for the {images_per_step} images of a step of '
            f'the recipe, here {schedule.images_per_step}',
            'learning rate',
        )
    elif optimizer.type == 'AdamW':
        rate = max(rate, _LEAST)
        why = f'{few} a rate in proportion to the images of a step'
        yield Setting(f'{_KEY}.lr', rate, why, 'learning rate')
    else:
        rate, decay = _SHORT
        value = dict(type='AdamW', lr=rate, weight_decay=decay)
        name = optimizer.type.rpartition('.')[2]
        why = f'{few} the {name} of the recipe (docs/demo.md)'
        yield Setting(_KEY, value, why, 'optimizer', whole=True)
    yield from _constant_rates(recipe, rate)
    yield Setting(
        'param_scheduler',
        [*_schedules(recipe, schedule, rate / optimizer.lr)],
        f'those of the recipe, for {schedule.epochs} epochs',
    )


def _constant_rates(recipe: Config, rate: float) -> Iterator[Setting]:
    """Yield the hook of SimSiam that keeps the predictor's rate."""
    hooks = [dict(hook) for hook in recipe.get('custom_hooks') or ()]
    if any('lr' in hook for hook in hooks):
        for hook in hooks:
            if 'lr' in hook:
                scope = hook.pop('_scope_', '')
                hook.update(lr=rate)
                if scope and '.' not in hook['type']:
                    hook['type'] = f'{scope}.{hook["type"]}'
        yield Setting(
            'custom_hooks', hooks, 'the rate of the predictor stays constant'
        )


def _schedules(
    recipe: Config, schedule: Schedule, rate_share: float
) -> Iterator[dict]:
    share = schedule.epochs / recipe.train_cfg.max_epochs
    plain: list[Mapping] = [
        {k: v for k, v in entry.items() if k != '_scope_'}
        for entry in recipe.param_scheduler
    ]
    for entry in stretched(plain, share):
        # A warm-up of a short training may have no epoch left.
        if entry.get('end', 1) <= entry.get('begin', 0):
            continue
        if 'eta_min' in entry:
            entry['eta_min'] = float(f'{entry["eta_min"] * rate_share:.3g}')
        yield dict(entry, convert_to_iter_based=True)

"""Values of the schedules of a run at a later position of the run."""

import copy
from collections.abc import Sequence

from mmengine.optim import _ParamScheduler


class _Groups:
    """Parameter groups without parameters, in place of an optimizer."""

    def __init__(self, param_groups: list[dict]) -> None:
        self.param_groups = param_groups
        self._global_step = 0

    def step(self) -> None:
        """Do nothing; a scheduler looks for the mark below."""

    step._with_counter = True  # type: ignore[attr-defined]


def advance(
    schedulers: Sequence[_ParamScheduler],
    groups: Sequence[dict],
    num_epochs: int,
    epoch_length: int,
    num_iters: int = 0,
) -> tuple[list[dict], list[dict]]:
    """Step schedulers, and the values that they set, to a later position.

    The steps are those of a training, one after another, because MMEngine's
    schedulers compute a value from the previous one. A million iterations
    take a few seconds. Neither the schedulers nor the groups are changed.

    Args:
        schedulers: Schedulers at the start of the training, in the order in
            which the training steps them.
        groups: Parameter groups at the start of the training.
        num_epochs: Number of complete epochs before the position.
        epoch_length: Number of iterations of an epoch.
        num_iters: Number of iterations before the position, in addition to
            those of the complete epochs.

    Returns:
        State of every scheduler; and for every group the values that
        schedulers set, by name.
    """
    first = _first_alike(schedulers, groups)
    kept = list(dict.fromkeys(first))
    stand_in = _Groups([_settings(groups[i]) for i in kept])
    copies = []
    for scheduler in schedulers:
        moved = copy.copy(scheduler)
        moved.optimizer = stand_in
        moved.base_values = [scheduler.base_values[i] for i in kept]
        copies.append(moved)
    by_iter = [scheduler for scheduler in copies if not scheduler.by_epoch]
    by_epoch = [scheduler for scheduler in copies if scheduler.by_epoch]
    for _ in range(num_epochs):
        _step(by_iter, epoch_length)
        _step(by_epoch, 1)
    _step(by_iter, num_iters)
    places = [kept.index(i) for i in first]
    names = _names(schedulers)
    values = []
    for place in places:
        group = stand_in.param_groups[place]
        values.append({name: group[name] for name in names if name in group})
    return _states(schedulers, copies, places), values


def _step(schedulers: Sequence[_ParamScheduler], times: int) -> None:
    for _ in range(times if schedulers else 0):
        for scheduler in schedulers:
            scheduler.step()


def _names(schedulers: Sequence[_ParamScheduler]) -> list[str]:
    """Names of what schedulers set in a parameter group."""
    names = dict.fromkeys(scheduler.param_name for scheduler in schedulers)
    bounds = [
        f'{bound}_{name}'
        for bound in ('initial', 'min', 'max')
        for name in names
    ]
    # A schedule of momentum sets the first beta of Adam.
    return [*names, *bounds, *(['betas'] if 'momentum' in names else [])]


def _settings(group: dict) -> dict:
    return {name: v for name, v in group.items() if name != 'params'}


def _first_alike(
    schedulers: Sequence[_ParamScheduler], groups: Sequence[dict]
) -> list[int]:
    """Return for every group the first one with the same settings.

    There can be a group per parameter. A scheduler of another library may
    hold more values per group than those that are selected here, so all
    groups count as different then.
    """
    known = all(type(s).__module__.startswith('mmengine.') for s in schedulers)
    if not known:
        return list(range(len(groups)))
    seen: dict[str, int] = {}
    return [
        seen.setdefault(repr(sorted(_settings(group).items())), i)
        for i, group in enumerate(groups)
    ]


def _states(
    schedulers: Sequence[_ParamScheduler],
    copies: Sequence[_ParamScheduler],
    places: Sequence[int],
) -> list[dict]:
    """Return the states of copies, with the values of all groups."""
    states = []
    for scheduler, moved in zip(schedulers, copies, strict=True):
        moved.base_values = scheduler.base_values
        moved._last_value = [moved._last_value[place] for place in places]
        states.append(moved.state_dict())
    return states

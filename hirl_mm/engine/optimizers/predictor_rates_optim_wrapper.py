import math
from collections.abc import Sequence
from typing import Any

from mmengine.optim import OptimWrapper
from torch import nn
from torch.optim import Optimizer

from hirl_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS

from .grouped_optim_wrapper import GroupedOptimWrapperConstructor

CONSTANT = 'constant'
# Mark of a parameter group, the same as in MMPreTrain's configs of SimSiam.
_FIXED = 'fix_lr'


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class PredictorRatesOptimWrapperConstructor(GroupedOptimWrapperConstructor):
    """Parameter groups with a learning rate per predictor.

    HCCL keeps the learning rate of one predictor constant and multiplies that
    of the other by 10. The option ``predictor_rates`` of ``paramwise_cfg``
    has one entry per module of ``head.predictors``: ``'constant'`` for the
    optimizer's rate from the first to the last step, whatever the schedules
    do to other parameters; or a multiplier of that rate, which follows the
    schedules. All other options are those of MMEngine and apply to the
    predictors, too, such as ``norm_decay_mult``. (MMEngine's ``custom_keys``
    would set the rates as well, but switch these options off.)

    The constant rate is set again in a hook of the optimizer before every
    step. Between two steps the rate of such a group may be what a schedule
    has left there; that value is never used.

    Use it as ``optim_wrapper=dict(
    constructor='hirl_mm.PredictorRatesOptimWrapperConstructor',
    paramwise_cfg=dict(predictor_rates=['constant', 10], ...))``.

    Raises:
        ValueError: When the optimizer is built, if a rate is neither
            ``'constant'`` nor a multiplier of at least 0, or there is not one
            rate per predictor.
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        super().__init__(optim_wrapper_cfg, paramwise_cfg)
        self.rates = checked_rates(
            self.paramwise_cfg.get('predictor_rates', ())
        )

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build the optimizer of a model and its wrapper.

        Args:
            model: A model with ``head.predictors``, or its wrapper for
                several processes.
        """
        found = _predictors(getattr(model, 'module', model))
        if len(found) != len(self.rates):
            raise ValueError(
                f'predictor_rates has {len(self.rates)} rates, '
                f'{list(self.rates)}, but the model has {len(found)} modules '
                'in head.predictors: give one rate per predictor'
            )
        wrapper = super().__call__(model)
        wrapper.optimizer.register_step_pre_hook(_hold_constant_rates)
        return wrapper

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: int | float | None = None,
    ) -> None:
        """Add the groups of a module, with the rates of its predictors.

        Args:
            params: The groups so far, changed in place.
            module: The module that has the parameters to add.
            prefix: Name of the module in the model, empty for the model
                itself.
            is_dcn_module: Whether the module is part of a deformable
                convolution.
        """
        begin = len(params)
        super().add_params(params, module, prefix, is_dcn_module)
        head, _, index = prefix.rpartition('.')
        if head != 'head.predictors':
            return
        rate = self.rates[int(index)]
        for group in params[begin:]:
            if isinstance(rate, str):
                group[_FIXED] = True
            else:
                group.setdefault('lr', self.base_lr)
                group['lr'] *= rate


def checked_rates(rates: Sequence[str | float]) -> tuple[str | float, ...]:
    """Check the learning rates of predictors.

    Args:
        rates: ``'constant'`` or a multiplier for every predictor.

    Raises:
        ValueError: If an entry is neither.
    """
    for rate in rates:
        is_multiplier = (
            isinstance(rate, int | float)
            and not isinstance(rate, bool)
            and 0 <= rate < math.inf
        )
        if rate != CONSTANT and not is_multiplier:
            raise ValueError(
                f"a rate of predictor_rates is 'constant' or a multiplier of "
                f'the learning rate of at least 0, such as 10, got {rate!r}'
            )
    return tuple(rates)


def _predictors(model: nn.Module) -> Sequence[nn.Module]:
    return getattr(getattr(model, 'head', None), 'predictors', ())


def _hold_constant_rates(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
    for group in optimizer.param_groups:
        if group.get(_FIXED):
            # Schedules note the rate that they begin with.
            group['lr'] = group.get('initial_lr', group['lr'])

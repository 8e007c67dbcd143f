"""Sweep the learning rate of a protocol for several networks."""

from .plan import check_checkpoints, parse_arms, plan_sweep
from .points import RatePoint, rate_points
from .report import write_sweep_report

__all__ = [
    'RatePoint',
    'check_checkpoints',
    'parse_arms',
    'plan_sweep',
    'rate_points',
    'write_sweep_report',
]

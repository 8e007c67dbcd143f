"""Compare pre-training methods at equal budget over several seeds."""

from .measure import measure_network, measure_run
from .plan import RANDOM, plan_methods
from .report import check_pairs, write_methods_report

__all__ = [
    'RANDOM',
    'check_pairs',
    'measure_network',
    'measure_run',
    'plan_methods',
    'write_methods_report',
]

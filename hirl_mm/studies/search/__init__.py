"""Search the numbers of prototypes and negatives by held-out loss."""

from .candidates import Candidate, candidate_configs, evaluate_run
from .plan import plan_search
from .report import write_search_report

__all__ = [
    'Candidate',
    'candidate_configs',
    'evaluate_run',
    'plan_search',
    'write_search_report',
]

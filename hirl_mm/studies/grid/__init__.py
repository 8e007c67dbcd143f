"""Studies of several arms, seeds and data sets, from one file."""

from .plan import plan_runs
from .report import write_study_report
from .shared_results import give_results, take_results
from .side_by_side import (
    Slots,
    expected_seconds,
    make_runs,
    progress_of,
)
from .study_file import read_study_file

__all__ = [
    'Slots',
    'expected_seconds',
    'give_results',
    'make_runs',
    'plan_runs',
    'progress_of',
    'read_study_file',
    'take_results',
    'write_study_report',
]

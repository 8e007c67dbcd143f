"""Studies of several arms, seeds and data sets, from one file."""

from .plan import plan_runs
from .report import write_study_report
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
    'make_runs',
    'plan_runs',
    'progress_of',
    'read_study_file',
    'write_study_report',
]

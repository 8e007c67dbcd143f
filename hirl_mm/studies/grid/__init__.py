"""Studies of several arms, seeds and data sets, side by side."""

from .conduct import conduct_studies
from .methods import methods_study
from .plan import plan_runs
from .read_file import read_study_file
from .report import write_study_report

__all__ = [
    'conduct_studies',
    'methods_study',
    'plan_runs',
    'read_study_file',
    'write_study_report',
]

"""Comparisons of several trainings: run them, read them, report them."""

from .process import follow_process
from .report import report_facts, write_report
from .run_folder import RunFolder
from .study_run import StudyRun
from .training import PROGRESS, TrainingError, train_runs

__all__ = [
    'PROGRESS',
    'RunFolder',
    'StudyRun',
    'TrainingError',
    'follow_process',
    'report_facts',
    'train_runs',
    'write_report',
]

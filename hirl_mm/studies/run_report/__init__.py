"""The report of one run, or of several side by side, as an HTML page."""

from .build import MOST_RUNS, run_report, write_run_report

__all__ = ['MOST_RUNS', 'run_report', 'write_run_report']

"""Comparisons of runs: from lists of trainings to reports.

The tools are the interface of this package: it exports no names.
"""

__all__: list[str] = []

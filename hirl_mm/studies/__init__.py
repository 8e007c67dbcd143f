"""Comparisons of runs: from lists of trainings to reports."""

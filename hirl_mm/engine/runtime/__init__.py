"""Configs, processes, seeds and progress of a run."""

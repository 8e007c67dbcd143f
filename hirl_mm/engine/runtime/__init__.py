"""Configs, processes, random seeds and progress of a run."""

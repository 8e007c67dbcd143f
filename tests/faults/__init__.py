"""Trainings that are killed: at named points of their work, and at any time."""

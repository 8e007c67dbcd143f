"""Trainings that are killed, at named points of their work or at any time."""

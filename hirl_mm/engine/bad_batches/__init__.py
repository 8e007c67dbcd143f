"""Batches with a broken loss: undo their step, keep them, run them again."""

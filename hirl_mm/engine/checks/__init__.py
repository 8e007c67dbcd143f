"""What is checked before the first iteration of a training."""

"""Build, check, log and save the tree of an epoch."""

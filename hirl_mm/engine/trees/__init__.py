"""From features to the tree of an epoch, and what is said of it."""

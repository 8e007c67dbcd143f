"""Image folders as a few large tar files that are read by index."""

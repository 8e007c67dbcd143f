"""Names of a network's tensors in released files and other libraries."""

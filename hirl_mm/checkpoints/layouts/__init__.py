"""Names of tensors in released checkpoints and in other libraries."""

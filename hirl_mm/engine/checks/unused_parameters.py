from torch import nn


def check_finds_unused_parameters(model: nn.Module) -> None:
    """Check that distributed training allows parameters without a gradient.

    The heads of HIRL get no gradient in steps without a tree: in the first
    stage, and while trees are rejected. By default PyTorch's
    DistributedDataParallel waits for every gradient. It would fail in the
    second step with a message that does not name the heads.

    Args:
        model: The model as the Runner wraps it. A model without a wrapper, or
            with a wrapper that has no attribute ``find_unused_parameters``,
            passes the check.

    Raises:
        ValueError: If ``find_unused_parameters`` is off.
    """
    if getattr(model, 'find_unused_parameters', True):
        return
    raise ValueError(
        'the heads of HIRL get no gradient while there is no tree, and '
        f'{type(model).__name__} would fail in the second step: set '
        'find_unused_parameters = True at the top level of the config '
        '(or in model_wrapper_cfg if the config has one)'
    )

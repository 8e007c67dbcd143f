from torch import nn


def check_finds_unused_parameters(model: nn.Module) -> None:
    """Check that distributed training allows parameters without a gradient.

    The heads of HIRL get none in steps without a tree: in the first stage,
    and as long as trees are rejected. PyTorch's DistributedDataParallel waits
    for every gradient unless told otherwise, and fails in the second step
    with a message that does not name the heads.

    Args:
        model: The model as the Runner wraps it. One that is not wrapped, or
            whose wrapper has no attribute ``find_unused_parameters``, passes.

    Raises:
        ValueError: If ``find_unused_parameters`` is off.
    """
    if getattr(model, 'find_unused_parameters', True):
        return
    raise ValueError(
        'the heads of HIRL get no gradient while there is no tree, which '
        f'{type(model).__name__} takes for an error of the second step: set '
        'find_unused_parameters = True at the top level of the config '
        '(or in model_wrapper_cfg where the config has that)'
    )

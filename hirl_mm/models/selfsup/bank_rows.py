"""The rows that a training step adds to the bank of features to cluster."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mmpretrain.models.selfsup import BaseSelfSupervisor
from torch import Tensor

from hirl_mm.models.modules import FirstOutput, pooled

_NOT_IN_ORDER = (
    '{name}.{path} did not get any view of this step as it is, so its rows '
    'may belong to other samples, for example if a batch is shuffled over '
    'ranks: set bank_module to a submodule whose first output has one row per '
    "sample in the order of the samples, such as 'neck' for the trained "
    'network'
)


@contextmanager
def collected(
    model: BaseSelfSupervisor,
    inputs: Sequence[Tensor],
    sample_idx: Tensor,
) -> Iterator[None]:
    """Add the features of a training step to the model's bank.

    The block runs the training step. Nothing is added if the model has no
    bank or is in evaluation mode.

    Args:
        model: A :class:`~hirl_mm.models.selfsup.HIRLAlgorithm`.
        inputs: The views, a tensor (B, 3, H, W) each.
        sample_idx: Indices of the samples in the data set, (B,) long.

    Raises:
        RuntimeError: If the moving average, chosen because ``bank_module`` is
            None, did not get any of the views unchanged.
    """
    if model.bank is None or not model.training:
        yield
        return
    path = model.bank_path()
    with FirstOutput(model, path) as tap:
        yield
    guessed = model.bank_module is None and model.momentum_module is not None
    if guessed and not any(tap.input is view for view in inputs):
        raise RuntimeError(
            _NOT_IN_ORDER.format(name=type(model).__name__, path=path)
        )
    model.bank.add(sample_idx, pooled(tap.output[: len(sample_idx)]))

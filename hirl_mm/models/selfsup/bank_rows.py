"""What a training step adds to the bank of features to cluster."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mmpretrain.models.selfsup import BaseSelfSupervisor
from torch import Tensor

from hirl_mm.models.modules import FirstOutput, pooled

_NOT_IN_ORDER = (
    '{name}.{path} did not get a view as this step got it, so that its rows '
    'may be those of other samples, as where a batch is shuffled over ranks: '
    'name in bank_module a submodule whose first output has a row per sample '
    "in their order, such as 'neck' for the trained network"
)


@contextmanager
def collected(
    model: BaseSelfSupervisor,
    inputs: Sequence[Tensor],
    sample_idx: Tensor,
) -> Iterator[None]:
    """Add the rows of a training step, which the block runs, to the bank.

    Args:
        model: A :class:`~hirl_mm.models.selfsup.HIRLAlgorithm`.
        inputs: The views, (B, 3, H, W).
        sample_idx: (B,) long.

    Raises:
        RuntimeError: If the moving average did not get a view as it is here.
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

from collections.abc import Sequence

from mmengine.dataset import default_collate as mmengine_collate

from hirl_mm.registry import FUNCTIONS


@FUNCTIONS.register_module()
def default_collate(batch: Sequence, _scope_: str | None = None) -> object:
    """Stack the samples of a batch like ``mmengine.dataset.default_collate``.

    MMEngine adds ``_scope_`` to every dict with a type that a config inherits
    from another package, and passes it to the function. The function of
    MMEngine accepts no such argument.

    Args:
        batch: Samples of a data set.
        _scope_: Ignored.

    Returns:
        The samples, with one more dimension at the front of every tensor.
    """
    return mmengine_collate(batch)

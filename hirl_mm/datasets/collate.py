from collections.abc import Sequence

from mmengine.dataset import default_collate as mmengine_collate

from hirl_mm.registry import FUNCTIONS
from hirl_mm.views import RaggedImages


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


@FUNCTIONS.register_module()
def ragged_collate(
    batch: Sequence[dict], _scope_: str | None = None
) -> dict[str, object]:
    """Join images of different sizes, and stack the rest of the samples.

    Args:
        batch: Samples with ``inputs`` (H, W, 3) uint8, as
            :class:`~hirl_mm.datasets.transforms.PackWholeImage` packs them.
        _scope_: Ignored, see :func:`default_collate`.

    Returns:
        The batch, with :class:`~hirl_mm.views.RaggedImages` as ``inputs``.
    """
    images = [sample['inputs'] for sample in batch]
    rest = [
        {key: value for key, value in sample.items() if key != 'inputs'}
        for sample in batch
    ]
    return dict(inputs=RaggedImages.of(images)) | mmengine_collate(rest)

from collections.abc import Mapping, Sequence

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

    Raises:
        ValueError: If images have different sizes; the error names two.
    """
    try:
        return mmengine_collate(batch)
    except RuntimeError as error:
        text = _different_sizes(batch)
        if text is None:
            raise
        raise ValueError(text) from error


def _different_sizes(batch: Sequence) -> str | None:
    """Name two images of a batch that differ in size; None if none do."""
    found: dict[tuple[int, ...], str] = {}
    for sample in batch:
        if not isinstance(sample, Mapping) or 'inputs' not in sample:
            return None
        inputs = sample['inputs']
        view = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        path = getattr(sample.get('data_samples'), 'img_path', 'an image')
        found.setdefault(tuple(view.shape), path)
    if len(found) < 2:
        return None
    (first, path), (second, other), *_ = found.items()
    return (
        f'the images of a batch differ in size: {path} has {_size(first)} '
        f'pixels after the pipeline, {other} {_size(second)}. Add a transform '
        'that makes them equal to the pipeline, such as '
        "dict(type='mmpretrain.Resize', scale=(224, 224))"
    )


def _size(shape: Sequence[int]) -> str:
    """Height and width of an image (C, H, W)."""
    return 'x'.join(map(str, shape[-2:]))


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

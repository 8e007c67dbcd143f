from torch import Tensor


def check_labels(name: str, features: Tensor, labels: Tensor) -> None:
    """Check that there is one class, an integer from 0, per row of features.

    Args:
        name: Name of features and labels in the error, such as ``'query'``.
        features: (N, ...) features.
        labels: (N,) integers, classes of the rows.

    Raises:
        ValueError: If there is not; the error names rows with bad labels.
    """
    if labels.ndim != 1 or len(labels) != len(features):
        raise ValueError(
            f'{name} labels must be one per row of the {name} features, got '
            f'shape {tuple(labels.shape)} for {len(features)} rows'
        )
    if labels.is_floating_point() or labels.is_complex():
        raise ValueError(f'{name} labels must be integers, got {labels.dtype}')
    negative = (labels < 0).nonzero().flatten()
    if len(negative):
        raise ValueError(
            f'{name} labels must not be negative, but {len(negative)} are, '
            f'the first at {negative[:5].tolist()}; remove samples without '
            'a label'
        )

from torch import Tensor


def check_labels(name: str, features: Tensor, labels: Tensor) -> None:
    """Raise unless there is one class >= 0 per row of the features.

    Args:
        name: What features and labels belong to, for the message.
        features: (N, ...).
        labels: (N,) integers.

    Raises:
        ValueError: With the rows to look at.
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
            f'the first at {negative[:5].tolist()}; drop samples without a '
            'label'
        )

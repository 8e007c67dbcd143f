from torch import Tensor


def pooled(features: Tensor) -> Tensor:
    """One vector per image, the representation that is evaluated.

    Args:
        features: Feature maps (B, C, H, W), which are averaged; tokens
            (B, T, C), of which the first is taken, the class token; or
            vectors (B, C).

    Returns:
        (B, C).
    """
    if features.ndim == 4:
        return features.mean(dim=(2, 3))
    return features[:, 0] if features.ndim == 3 else features

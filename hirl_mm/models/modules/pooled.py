from torch import Tensor


def pooled(features: Tensor) -> Tensor:
    """Return one vector per image, the representation that is evaluated.

    Args:
        features: Feature maps (B, C, H, W), which are averaged over H and W;
            tokens (B, T, C), of which the first, the class token, is
            returned; or vectors (B, C), which are returned as they are.

    Returns:
        (B, C).
    """
    if features.ndim == 4:
        return features.mean(dim=(2, 3))
    return features[:, 0] if features.ndim == 3 else features

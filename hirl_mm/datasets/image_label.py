import numpy as np
from torch import Tensor


def label_of(info: dict) -> int | None:
    """Return the class of an image, None if it has no class or several.

    Args:
        info: Annotation of the image; the label is an integer of Python,
            NumPy or PyTorch, or an array without dimensions, as in MNIST.
    """
    label = info.get('gt_label')
    if isinstance(label, np.ndarray | np.generic | Tensor):
        label = label.tolist()
    return label if isinstance(label, int) else None

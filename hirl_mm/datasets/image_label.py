def label_of(info: dict) -> int | None:
    """Return the class of an image, None if it has no class or several.

    Args:
        info: Annotation of the image; the label is an integer of Python,
            NumPy or PyTorch, or an array without dimensions, as in MNIST.
    """
    label = plain(info.get('gt_label'))
    return label if isinstance(label, int) else None


def plain(label: object) -> object:
    """Return the label or labels of an image as Python's own types.

    Args:
        label: A label of Python, NumPy or PyTorch, a sequence, or None.
    """
    return label.tolist() if hasattr(label, 'tolist') else label

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .folder import check_at_least, save_png, write_folder

NUM_DIGITS = 1797
NUM_CLASSES = 10
VERSION = 1  # increase it when the images change


def write_digits(
    root: str | os.PathLike,
    *,
    image_size: int = 32,
    num_val: int = 297,
    seed: int = 0,
    progress: Callable[[Sequence], Iterable] = iter,
) -> Path:
    """Write the handwritten digits of scikit-learn as an image folder.

    These are the 1,797 images of 8x8 pixels that come with scikit-learn (the
    test part of the `UCI digits <https://doi.org/10.24432/C50P49>`_): real
    data without a download. They are enlarged to RGB images
    ``root/train/<digit>/<index>.png`` and ``root/val/<digit>/<index>.png``,
    where ``index`` is the index in :func:`sklearn.datasets.load_digits`.

    Args:
        root: Folder to write; reused if it already holds the same data set.
        image_size: Height and width of the images in pixels, at least 8.
        num_val: Number of validation images, drawn with equal shares of every
            class; all other images are for training.
        seed: Seed of the split into training and validation images.
        progress: Function that wraps the sequence of images while they are
            written, for example ``rich.progress.track``.

    Returns:
        ``root``.

    Raises:
        ValueError: If an argument is out of range.
        FileExistsError: If ``root`` holds other files.
    """
    check_at_least(8, image_size=image_size)
    check_at_least(0, seed=seed)
    check_at_least(NUM_CLASSES, num_val=num_val)
    if num_val > NUM_DIGITS - NUM_CLASSES:
        raise ValueError(
            f'num_val must leave an image per class for training, so it is '
            f'at most {NUM_DIGITS - NUM_CLASSES} of {NUM_DIGITS}, got '
            f'{num_val}'
        )

    def fill(folder: Path) -> None:
        images, labels, is_val = split_digits(num_val, seed)
        for i in progress(range(len(images))):
            split = 'val' if is_val[i] else 'train'
            path = folder / split / str(labels[i]) / f'{i:04d}.png'
            save_png(enlarge(images[i], image_size), path)

    parameters = {
        'image_size': image_size,
        'num_val': num_val,
        'seed': seed,
        'version': VERSION,
    }
    return write_folder(root, 'digits', parameters, fill)


def split_digits(num_val: int, seed: int) -> tuple[np.ndarray, ...]:
    """Load scikit-learn's digits and split them.

    Args:
        num_val: Number of validation images.
        seed: Seed of the split.

    Returns:
        Images (N, 8, 8) with values of 0 to 16, labels (N,), and a mask (N,)
        bool of the validation images.
    """
    # Imported here because the other data sets do not need scikit-learn.
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    _, val = train_test_split(
        np.arange(NUM_DIGITS),
        test_size=num_val,
        random_state=seed,
        stratify=digits.target,
    )
    is_val = np.isin(np.arange(NUM_DIGITS), val)
    return digits.images, digits.target, is_val


def enlarge(image: np.ndarray, image_size: int) -> Image.Image:
    """Enlarge a digit, (8, 8) with values of 0 to 16, to an RGB image.

    Bicubic interpolation keeps its strokes smooth.
    """
    gray = Image.fromarray(np.rint(image * 255 / 16).astype(np.uint8))
    size = (image_size, image_size)
    return gray.resize(size, Image.Resampling.BICUBIC).convert('RGB')

"""The digits of scikit-learn as images, and pictures as arrays."""

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

DIGITS = load_digits()


def digit(sample_idx):
    pixels = 255 - DIGITS.images[sample_idx] * 255 / 16
    return Image.fromarray(pixels.astype(np.uint8))


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert('RGB')).astype(int)

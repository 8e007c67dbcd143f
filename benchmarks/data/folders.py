"""Folders of images to read in a benchmark."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

# As long as ImageNet's: n01440764/n01440764_10026.JPEG.
_CLASS = 'n{:08}'
_FILE = 'n{:08}_{:05}.JPEG'


def write_names(root: Path, num_files: int, num_classes: int) -> None:
    """Write files with the names of ImageNet's, without images in them.

    Args:
        root: Folder to write, with a subfolder per class.
        num_files: Number of the files.
        num_classes: Number of the classes.
    """
    for label in range(num_classes):
        folder = root / _CLASS.format(label)
        folder.mkdir(parents=True)
        first = folder / _FILE.format(label, 0)
        first.touch()
        more = num_files % num_classes > label
        for i in range(1, num_files // num_classes + more):
            os.link(first, folder / _FILE.format(label, i))


def write_jpegs(root: Path, num: int, size: tuple[int, int]) -> None:
    """Write JPEG files of noise, at 500 x 375 pixels of 110 KB each.

    Args:
        root: Folder to write, with a subfolder for every 100 images.
        num: Number of the images.
        size: Width and height in pixels.
    """
    width, height = size
    for i in range(num):
        folder = root / _CLASS.format(i // 100)
        folder.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(i)
        coarse = noise.integers(0, 255, (height // 16, width // 16, 3))
        image = Image.fromarray(coarse.astype(np.uint8))
        smooth = np.asarray(image.resize(size, Image.Resampling.BICUBIC))
        pixels = smooth + noise.normal(0, 16, (height, width, 1))
        pixels = np.clip(pixels, 0, 255).astype(np.uint8)
        name = _FILE.format(i // 100, i % 100)
        Image.fromarray(pixels).save(folder / name, quality=90)

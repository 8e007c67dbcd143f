"""Reading the toy image folders."""

import numpy as np
from PIL import Image

TINY = {'image_size': 32, 'num_train_per_class': 2, 'num_val_per_class': 1}


def contents(root):
    """Relative path -> bytes of every file of a folder."""
    files = (p for p in root.rglob('*') if p.is_file())
    return {str(p.relative_to(root)): p.read_bytes() for p in files}


def load(root, split):
    """Images (N, H, W, 3) and labels (N,) by sorted class folder."""
    images, labels = [], []
    for label, folder in enumerate(sorted((root / split).iterdir())):
        for path in sorted(folder.iterdir()):
            images.append(np.array(Image.open(path)))
            labels.append(label)
    return np.stack(images), np.array(labels)


def never(jobs):
    raise AssertionError('the folder was written, not reused')

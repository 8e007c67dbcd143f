"""Folders of small real images."""

import cv2
import numpy as np

from hirl_mm.machine import Machine
from hirl_mm.planning.choices.situation import Situation

CPU = Machine(cores=2, memory=8.0)
GPU = Machine(16, 100.0, gpus=1, gpu_memory=78.0, gpu_name='A GPU')


def draw(path, seed, size=(40, 36), grey=False):
    """Write random pixels; return the path."""
    rng = np.random.default_rng(seed)
    shape = size if grey else (*size, 3)
    image = rng.integers(0, 255, shape, dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == '.hdr':
        image = image.astype(np.float32)
    ok, data = cv2.imencode(path.suffix, image)
    assert ok
    path.write_bytes(data.tobytes())
    return path


def situation(method='hirl-mocov2', num_images=7000, **changes):
    """What a plan follows from: images of 28 pixels on two cores."""
    values = dict(short_side=28, is_grey=False, machine=CPU) | changes
    return Situation(method, num_images, **values)

"""Image folders whose classes are colours, which any network tells apart."""

import numpy as np
from PIL import Image

COLOURS = dict(a=(220, 30, 30), b=(30, 200, 30), c=(40, 40, 230))


def write_colours(folder, classes='abc', num=4, suffix='.png'):
    """Noisy images of one colour, ``folder/CLASS/NUMBER.png``.

    Args:
        folder: Where the class folders go.
        classes: Names of the classes; a name may start with a colour's.
        num: Images per class.
        suffix: Of the files.
    """
    generator = np.random.default_rng(0)
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(num):
            noise = generator.integers(-20, 20, (32, 32, 3))
            pixels = np.clip(np.array(COLOURS[name[0]]) + noise, 0, 255)
            image = Image.fromarray(pixels.astype(np.uint8))
            image.save(folder / name / f'{i}{suffix}')
    return folder


def hide(folder, colour='b'):
    """What Jupyter leaves in a folder, with an image that it copied."""
    hidden = write_colours(folder / 'aside', [colour], num=1) / colour
    hidden.rename(folder / '.ipynb_checkpoints')
    (folder / 'aside').rmdir()

from pathlib import Path

import numpy as np
from PIL import Image

_HEIGHT, _WIDTH = 375, 500


def draw_photographs(folder: Path, num: int) -> None:
    """Write JPEG files whose spectrum is that of photographs.

    The amplitude of noise falls with its frequency. Decoding takes about as
    long as for photographs of ImageNet.

    Args:
        folder: Existing folder for the files.
        num: Number of files, of 500 x 375 pixels.
    """
    random = np.random.default_rng(0)
    rows, columns = np.fft.fftfreq(_HEIGHT), np.fft.rfftfreq(_WIDTH)
    frequency = np.hypot(rows[:, None], columns)
    frequency[0, 0] = 1
    for index in range(num):
        noise = random.normal(size=(3, _HEIGHT, _WIDTH))
        # Channels of photographs are much alike.
        noise = 0.3 * noise + noise.mean(0)
        spectrum = np.fft.rfft2(noise) / frequency
        image = np.fft.irfft2(spectrum, (_HEIGHT, _WIDTH))
        image = 128 + 50 * image / image.std()
        pixels = image.clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
        Image.fromarray(pixels).save(folder / f'{index:06}.jpg', quality=92)

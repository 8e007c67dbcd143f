"""Small data sets in the official layout of Tiny ImageNet."""

import zipfile

import numpy as np
from PIL import Image

WNIDS = 'n00000010', 'n00000011', 'n00000020', 'n00000021'
# Lines of WordNet's is_a file: two groups of two classes.
IS_A = ''.join(
    f'n{parent:08} n{child:08}\n'
    for parent, child in [
        *((0, 1), (0, 2), (1, 10), (1, 11)),
        *((2, 20), (2, 21)),
    ]
)


def write_unpacked(root, num=2):
    """Four classes, whose validation images are in another order.

    Args:
        root: Folder to write.
        num: Number of training images per class.
    """
    rng = np.random.default_rng(0)

    def image(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(256, size=(64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)

    lines = ''
    for number, wnid in enumerate(WNIDS):
        for i in range(num):
            image(root / f'train/{wnid}/images/{wnid}_{i}.JPEG')
        boxes = root / f'train/{wnid}/{wnid}_boxes.txt'
        boxes.write_text(f'{wnid}_0.JPEG\t0\t10\t63\t60\n')
        image(root / f'val/images/val_{3 - number}.JPEG')
        lines += f'val_{3 - number}.JPEG\t{wnid}\t0\t32\t44\t62\n'
        image(root / f'test/images/test_{number}.JPEG')
    (root / 'val/val_annotations.txt').write_text(lines)
    (root / 'words.txt').write_text('n00000010\tgoldfish\n')
    return root


def write_zip(path, folder):
    """Pack a folder, with its name."""
    with zipfile.ZipFile(path, 'w') as archive:
        for file in (folder, *sorted(folder.rglob('*'))):
            archive.write(file, file.relative_to(folder.parent))
    return path

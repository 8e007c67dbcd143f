import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from .digits import enlarge, split_digits
from .folder import check_at_least, write_folder

VERSION = 1  # increase it when the images change
CANVAS = 64
CELL = CANVAS // 2
DIFFICULT_SHARE = 0.1
FAINT = 0.25


@dataclass(frozen=True)
class SceneObject:
    """A digit in a scene, with what VOC annotates of an object.

    Attributes:
        name: Class of the digit, '0' to '9'.
        difficult: Whether the digit is faint and marked as difficult.
        left: Left edge of its box in pixels, from 0.
        top: Upper edge of its box in pixels, from 0.
        size: Side of its square box in pixels.
    """

    name: str
    difficult: bool
    left: int
    top: int
    size: int


def write_digit_scenes(
    root: str | os.PathLike,
    *,
    num_trainval: int = 300,
    num_test: int = 100,
    seed: int = 0,
    progress: Callable[[Sequence], Iterable] = iter,
) -> Path:
    """Write scenes of several handwritten digits in the layout of VOC2007.

    A scene has 64x64 pixels, with a digit of scikit-learn in one to four of
    its quarters. Scenes of ``trainval`` use the training images of
    :func:`write_digits`, scenes of ``test`` its validation images. A tenth of
    the digits is barely visible and marked as difficult; some scenes have
    only difficult digits. The folder has ``JPEGImages``, ``Annotations`` and
    ``ImageSets/Main/{trainval,test}.txt``.

    Args:
        root: Folder to write; reused if it already holds the same data set.
        num_trainval: Number of training scenes.
        num_test: Number of test scenes.
        seed: Seed of the scenes.
        progress: Function that wraps the sequence of scenes while they are
            written, for example ``rich.progress.track``.

    Returns:
        ``root``.

    Raises:
        ValueError: If an argument is out of range.
        FileExistsError: If ``root`` holds other files.
    """
    check_at_least(1, num_trainval=num_trainval, num_test=num_test)
    check_at_least(0, seed=seed)

    def fill(folder: Path) -> None:
        images, labels, is_val = split_digits(num_val=297, seed=0)
        splits = ['trainval'] * num_trainval + ['test'] * num_test
        pools = dict(trainval=np.flatnonzero(~is_val))
        pools['test'] = np.flatnonzero(is_val)
        for number in progress(range(len(splits))):
            generator = np.random.default_rng((seed, number))
            pool = pools[splits[number]]
            scene, objects = _draw(images, labels, pool, generator)
            _save(folder, f'{number + 1:06d}', scene, objects)
        _save_splits(folder, splits)

    parameters = {
        'num_trainval': num_trainval,
        'num_test': num_test,
        'seed': seed,
        'version': VERSION,
    }
    return write_folder(root, 'digit_scenes', parameters, fill)


def _draw(
    images: np.ndarray,
    labels: np.ndarray,
    pool: np.ndarray,
    generator: np.random.Generator,
) -> tuple[Image.Image, list[SceneObject]]:
    """Draw a scene.

    Args:
        images: (N, 8, 8) images of digits, values of 0 to 16.
        labels: (N,) digits.
        pool: Indices of the images to choose from.
        generator: Random generator.
    """
    scene = Image.new('RGB', (CANVAS, CANVAS))
    objects = []
    for quarter in generator.permutation(4)[: generator.integers(1, 5)]:
        index = generator.choice(pool)
        difficult = bool(generator.random() < DIFFICULT_SHARE)
        size = int(generator.integers(CELL - 6, CELL + 1))
        corner = np.array(divmod(int(quarter), 2)) * CELL
        top, left = corner + generator.integers(0, CELL - size + 1, 2)
        strength = FAINT if difficult else 1.0
        scene.paste(
            enlarge(images[index] * strength, size), (int(left), int(top))
        )
        name = str(labels[index])
        objects.append(SceneObject(name, difficult, int(left), int(top), size))
    return scene, objects


def _save(
    folder: Path, name: str, scene: Image.Image, objects: list[SceneObject]
) -> None:
    for part in ('JPEGImages', 'Annotations'):
        (folder / part).mkdir(exist_ok=True)
    scene.save(folder / 'JPEGImages' / f'{name}.jpg', quality=95)
    tree = ElementTree.ElementTree(_annotation(name, objects))
    ElementTree.indent(tree)
    tree.write(folder / 'Annotations' / f'{name}.xml')


def _annotation(name: str, objects: list[SceneObject]) -> ElementTree.Element:
    root = ElementTree.Element('annotation')
    ElementTree.SubElement(root, 'filename').text = f'{name}.jpg'
    size = dict(width=CANVAS, height=CANVAS, depth=3)
    _add(ElementTree.SubElement(root, 'size'), size)
    for item in objects:
        element = ElementTree.SubElement(root, 'object')
        _add(element, dict(name=item.name, difficult=int(item.difficult)))
        # VOC counts pixels from 1 and includes the last one in the box.
        box = dict(
            xmin=item.left + 1,
            ymin=item.top + 1,
            xmax=item.left + item.size,
            ymax=item.top + item.size,
        )
        _add(ElementTree.SubElement(element, 'bndbox'), box)
    return root


def _add(element: ElementTree.Element, texts: Mapping[str, object]) -> None:
    for tag, text in texts.items():
        ElementTree.SubElement(element, tag).text = str(text)


def _save_splits(folder: Path, splits: list[str]) -> None:
    main = folder / 'ImageSets' / 'Main'
    main.mkdir(parents=True)
    for split in ('trainval', 'test'):
        names = [f'{i:06d}\n' for i, s in enumerate(splits, 1) if s == split]
        (main / f'{split}.txt').write_text(''.join(names))

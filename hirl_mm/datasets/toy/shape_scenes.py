import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from .folder import check_at_least, save_png, write_folder
from .outlines import OUTLINES
from .shapes import draw_colours, place_shape, shape_hierarchy

HEIGHT, WIDTH = 128, 160
VERSION = 1  # increase it when the images change
MAX_SHAPES = 4
MAX_TRIES = 20


def write_shape_scenes(
    root: str | os.PathLike,
    *,
    num_train: int = 200,
    num_val: int = 50,
    seed: int = 0,
    progress: Callable[[Sequence], Iterable] = iter,
) -> Path:
    """Draw scenes of several shapes with boxes and masks in COCO's format.

    A scene is 160 pixels wide and 128 high and shows one to four shapes of
    :func:`write_shapes`. Each shape lies on its own square canvas with a side
    of a third to a half of the height; canvases do not overlap. The
    categories are the twelve shapes, the supercategories the four families.
    The images are ``root/{train,val}/<id>.png``, the annotations
    ``root/annotations/instances_{train,val}.json`` in COCO's format; a mask
    is the outline as a polygon.

    Args:
        root: Folder to write; reused if it already holds the same data set.
        num_train: Number of training scenes. A scene depends only on the
            seed, the split and its number.
        num_val: Number of validation scenes.
        seed: Seed of the scenes.
        progress: Function that wraps the sequence of scenes while they are
            drawn, for example ``rich.progress.track``.

    Returns:
        ``root``.

    Raises:
        ValueError: If an argument is out of range.
        FileExistsError: If ``root`` holds other files.
    """
    nums = dict(train=num_train, val=num_val)
    parameters = dict(
        num_train=num_train,
        num_val=num_val,
        height=HEIGHT,
        width=WIDTH,
        seed=seed,
        version=VERSION,
    )
    check_at_least(1, num_train=num_train, num_val=num_val)
    check_at_least(0, seed=seed)

    def fill(folder: Path) -> None:
        jobs = [(s, i) for s, num in nums.items() for i in range(1, num + 1)]
        found: dict[str, tuple[list[dict], list[dict]]]
        found = {split: ([], []) for split in nums}
        for split, number in progress(jobs):
            rng = np.random.default_rng([seed, split == 'val', number])
            scene, objects = _draw(rng)
            name = f'{number:06d}.png'
            save_png(scene, folder / split / name)
            images, annotations = found[split]
            image = dict(id=number, file_name=name, height=HEIGHT, width=WIDTH)
            images.append(image)
            annotations += [
                dict(_annotation(*item), image_id=number) for item in objects
            ]
        for split, (images, annotations) in found.items():
            _save(folder, split, images, annotations)

    return write_folder(root, 'shape_scenes', parameters, fill)


def scene_categories() -> list[dict]:
    """Return the twelve shapes as COCO's ``categories``, sorted by name."""
    families = {
        shape: family
        for family, shapes in OUTLINES.items()
        for shape in shapes
    }
    return [
        dict(id=number, name=shape, supercategory=families[shape])
        for number, shape in enumerate(sorted(families), start=1)
    ]


def _draw(
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
    """Draw a scene.

    Returns:
        Image (H, W, 3) uint8, and shape and outline (P, 2), in pixels, of
        every object.
    """
    background, _, _ = draw_colours(rng)
    scene = np.broadcast_to(background, (HEIGHT, WIDTH, 3)).copy()
    classes = list(shape_hierarchy().classes.values())
    taken = np.zeros((HEIGHT, WIDTH), bool)
    objects: list[tuple[str, np.ndarray]] = []
    wanted = rng.integers(1, MAX_SHAPES + 1)
    for _ in range(MAX_TRIES):
        if len(objects) == wanted:
            break
        size = int(rng.integers(HEIGHT // 3, HEIGHT // 2 + 1))
        top = int(rng.integers(0, HEIGHT - size + 1))
        left = int(rng.integers(0, WIDTH - size + 1))
        place = slice(top, top + size), slice(left, left + size)
        if taken[place].any():
            continue
        taken[place] = True
        fine, middle, coarse = classes[rng.integers(len(classes))]
        shape = place_shape(fine, middle, coarse, size, rng)
        _, first, second = draw_colours(rng)
        scene[place] = shape.paint(scene[place], first, second)
        objects.append((middle, shape.outline + (left, top)))
    return np.rint(255 * scene).astype(np.uint8), objects


def _annotation(shape: str, outline: np.ndarray) -> dict:
    low, high = outline.min(0), outline.max(0)
    x, y = outline.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    ids = {c['name']: c['id'] for c in scene_categories()}
    return dict(
        category_id=ids[shape],
        bbox=np.round([*low, *(high - low)], 2).tolist(),
        segmentation=[np.round(outline, 2).ravel().tolist()],
        area=round(float(area), 2),
        iscrowd=0,
    )


def _save(
    folder: Path, split: str, images: list[dict], annotations: list[dict]
) -> None:
    content = dict(
        images=images,
        annotations=[
            dict(annotation, id=number)
            for number, annotation in enumerate(annotations, start=1)
        ],
        categories=scene_categories(),
    )
    path = folder / 'annotations' / f'instances_{split}.json'
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content) + '\n')

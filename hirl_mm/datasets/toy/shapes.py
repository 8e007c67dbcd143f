import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from hirl_mm.datasets.taxonomy.hierarchy import ClassHierarchy

from .folder import check_at_least, save_png, write_folder
from .outlines import OUTLINES

VERSION = 1  # increase it when the images change
SUPERSAMPLING = 4
LUMA = np.array([0.299, 0.587, 0.114])

# Texture -> mask of the first of its two colours at coordinates (u, v), in
# periods of the texture.
TEXTURES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    'checkered': lambda u, v: (np.floor(1.5 * u) + np.floor(1.5 * v)) % 2 < 1,
    'dotted': lambda u, v: (
        (u - np.rint(u)) ** 2 + (v - np.rint(v)) ** 2 < 0.36**2
    ),
    'striped': lambda u, v: u - np.floor(u) < 0.5,
}


def write_shapes(
    root: str | os.PathLike,
    *,
    image_size: int = 64,
    num_train_per_class: int = 100,
    num_val_per_class: int = 20,
    seed: int = 0,
    grey: bool = False,
    texture_scale: float = 1.0,
    min_radius: float = 0.34,
    progress: Callable[[Sequence], Iterable] = iter,
) -> Path:
    """Draw a labelled image folder whose classes make a three-level tree.

    Every image shows one shape. Its coarse class is the family (polygon,
    round, star, stroke), its middle class the shape within the family, its
    fine class shape and texture: 4, 12 and 36 classes. Colours, place, size,
    rotation (up to 25 degrees either way), mirroring, and the direction and
    period of the texture are random and independent of the class. The
    colours differ in brightness, so that gray images show the classes too.

    The images are ``root/train/<fine class>/<index>.png`` and
    ``root/val/<fine class>/<index>.png``. ``root/hierarchy.json`` holds the
    tree, for :func:`hirl_mm.datasets.taxonomy.hierarchy.load_hierarchy`::

        {"levels": ["fine", "middle", "coarse"],
         "classes": {
            "burst-dotted": ["burst-dotted", "burst", "star"],
            "burst-striped": ["burst-striped", "burst", "star"], ...}}

    Args:
        root: Folder to write; reused if it already holds the same data set.
        image_size: Height and width of the images in pixels, at least 32.
        num_train_per_class: Number of training images per fine class. An
            image depends only on seed, split, class and index: with more
            images per class the first ones stay the same.
        num_val_per_class: Number of validation images per fine class.
        seed: Seed of the images.
        grey: Whether to draw in shades of grey, a shape with a bright and a
            medium one on a dark background. Colours tell images apart and
            say nothing of the classes, so that a network that compares views
            learns little else.
        texture_scale: Factor of the period of the textures. Without it a
            period is an eighth to a fifth of the image's side, four to six
            pixels of 32, which a network that halves the resolution at once
            hardly sees.
        min_radius: Smallest radius of a shape, as a share of the image's
            side; the greatest is 0.46. Small shapes stand in more places.
        progress: Function that wraps the sequence of images while they are
            drawn, for example ``rich.progress.track``.

    Returns:
        ``root``.

    Raises:
        ValueError: If an argument is out of range.
        FileExistsError: If ``root`` holds other files.
    """
    nums = {'train': num_train_per_class, 'val': num_val_per_class}
    parameters = {
        'image_size': image_size,
        'num_train_per_class': num_train_per_class,
        'num_val_per_class': num_val_per_class,
        'seed': seed,
        'version': VERSION,
        # Left out where it changes nothing, for folders written before.
        **({'grey': True} if grey else {}),
        **({'texture_scale': texture_scale} if texture_scale != 1 else {}),
        **({'min_radius': min_radius} if min_radius != 0.34 else {}),
    }
    check_at_least(32, image_size=image_size)
    check_at_least(0, seed=seed)
    check_at_least(1, **{f'num_{k}_per_class': v for k, v in nums.items()})
    if texture_scale <= 0:
        raise ValueError(
            f'texture_scale must be above 0, got {texture_scale!r}'
        )
    if not 0 < min_radius <= 0.46:
        raise ValueError(
            f'min_radius must be above 0 and at most 0.46, got {min_radius!r}'
        )
    hierarchy = shape_hierarchy()

    def fill(folder: Path) -> None:
        jobs = [
            (split, name, index)
            for split, num in nums.items()
            for name in hierarchy.names('fine')
            for index in range(num)
        ]
        for split, name, index in progress(jobs):
            where = zlib.crc32(f'{split}/{name}'.encode())
            fine, middle, coarse = hierarchy.classes[name]
            image = draw_shape(
                fine,
                middle,
                coarse,
                image_size,
                np.random.default_rng([seed, where, index]),
                grey,
                texture_scale,
                min_radius,
            )
            save_png(image, folder / split / name / f'{index:05d}.png')
        hierarchy.save(folder / 'hierarchy.json')

    return write_folder(root, 'shapes', parameters, fill)


def shape_hierarchy() -> ClassHierarchy:
    """Return the 36 fine, 12 middle and 4 coarse classes of the shapes."""
    return ClassHierarchy(
        levels=('fine', 'middle', 'coarse'),
        classes={
            f'{shape}-{texture}': (f'{shape}-{texture}', shape, family)
            for family, shapes in OUTLINES.items()
            for shape in shapes
            for texture in TEXTURES
        },
    )


def draw_shape(
    fine: str,
    middle: str,
    coarse: str,
    image_size: int,
    rng: np.random.Generator,
    grey: bool = False,
    texture_scale: float = 1.0,
    min_radius: float = 0.34,
) -> np.ndarray:
    """Draw an image of a class, (image_size, image_size, 3) uint8."""
    background, first, second = (draw_greys if grey else draw_colours)(rng)
    names = fine, middle, coarse
    shape = place_shape(*names, image_size, rng, texture_scale, min_radius)
    return np.rint(255 * shape.paint(background, first, second)).astype(
        np.uint8
    )


@dataclass(frozen=True)
class PlacedShape:
    """A shape on a square canvas.

    Args:
        outline: (P, 2) corners (x, y) of the outline, in pixels.
        shares: Two arrays (S, S, 1) with the share of every pixel that the
            first and the second colour cover, 0 to 1.
    """

    outline: np.ndarray
    shares: tuple[np.ndarray, np.ndarray]

    def paint(
        self, background: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        """Paint the shape on a background.

        Args:
            background: Colour (3,) or image (S, S, 3), values of 0 to 1.
            first: First colour of the texture, (3,) or (S, S, 3).
            second: Second colour of the texture, (3,) or (S, S, 3).

        Returns:
            Image (S, S, 3), values of 0 to 1.
        """
        return background + sum(
            share * (colour - background)
            for share, colour in zip(self.shares, (first, second), strict=True)
        )


def place_shape(
    fine: str,
    middle: str,
    coarse: str,
    image_size: int,
    rng: np.random.Generator,
    texture_scale: float = 1.0,
    min_radius: float = 0.34,
) -> PlacedShape:
    """Place, rotate and fill a shape at random.

    Args:
        fine: Fine class, which names outline and texture.
        middle: Middle class, which names the outline.
        coarse: Coarse class, the family of the outline.
        image_size: Side S of the square canvas in pixels.
        rng: Random generator.
        texture_scale: Factor of the period of the texture.
        min_radius: Smallest radius, as a share of the image's side.
    """
    radius = rng.uniform(min_radius, 0.46)
    centre = rng.uniform(radius + 0.03, 0.97 - radius, size=2)
    mirror = (rng.choice([-1, 1]), 1)
    turn = _rotation(rng.uniform(-25, 25))
    outline = mirror * OUTLINES[coarse][middle] @ turn
    outline = radius * outline + centre
    inside = _fill(outline, image_size)

    texture = TEXTURES[fine.removeprefix(f'{middle}-')]
    period = texture_scale * rng.uniform(0.13, 0.18)
    turn = _rotation(rng.uniform(0, 360)) / period
    origin = centre + rng.uniform(-0.5, 0.5, size=2) * period
    is_first = texture(*_coordinates(image_size, origin, turn))
    shares = _reduce(inside & is_first), _reduce(inside & ~is_first)
    return PlacedShape(outline * image_size, shares)


def draw_colours(rng: np.random.Generator) -> np.ndarray:
    """Draw a dark, a medium and a bright colour in random order.

    Returns:
        (3, 3), one RGB colour per row, values of 0 to 1.
    """
    luma = rng.permutation([0.16, 0.5, 0.84]) + rng.uniform(-0.1, 0.1, size=3)
    tint = rng.uniform(size=(3, 3))
    tint -= (tint @ LUMA)[:, None]  # a tint must not change the luma
    room = np.where(tint > 0, 1 - luma[:, None], luma[:, None])
    reach = (room / np.abs(tint)).min(axis=1)
    strength = reach * rng.uniform(0.3, 1, size=3)
    return np.clip(luma[:, None] + strength[:, None] * tint, 0, 1)


def draw_greys(rng: np.random.Generator) -> np.ndarray:
    """Draw a dark, a bright and a medium grey.

    Returns:
        (3, 3), one RGB colour per row, values of 0 to 1.
    """
    luma = np.array([0.16, 0.84, 0.5]) + rng.uniform(-0.1, 0.1, size=3)
    return np.repeat(luma[:, None], 3, axis=1)


def _rotation(degrees: float) -> np.ndarray:
    """Return the matrix (2, 2) that rotates row vectors."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin], [-sin, cos]])


def _fill(points: np.ndarray, image_size: int) -> np.ndarray:
    """Fill a polygon (P, 2), given in units of the image's side.

    Returns:
        Mask (S', S') bool of its inside, in subpixels.
    """
    size = SUPERSAMPLING * image_size
    image = Image.new('1', (size, size))
    corners = [tuple(point) for point in (size * points - 0.5).tolist()]
    ImageDraw.Draw(image).polygon(corners, fill=1)
    return np.array(image)


def _coordinates(
    image_size: int, origin: np.ndarray, turn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Compute ``(xy - origin) @ turn`` of all subpixels.

    Returns:
        Both coordinates, (S', S') each.
    """
    size = SUPERSAMPLING * image_size
    ticks = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = ticks - origin[0], (ticks - origin[1])[:, None]
    u, v = (x * a + y * b for a, b in turn.astype(np.float32).T)
    return u, v


def _reduce(mask: np.ndarray) -> np.ndarray:
    """Convert a mask of subpixels to the share of each pixel it covers.

    Args:
        mask: (S', S') bool.

    Returns:
        (S, S, 1), values of 0 to 1.
    """
    size = len(mask) // SUPERSAMPLING
    blocks = mask.reshape(size, SUPERSAMPLING, size, SUPERSAMPLING)
    return blocks.mean(axis=(1, 3), dtype=np.float32)[..., None]

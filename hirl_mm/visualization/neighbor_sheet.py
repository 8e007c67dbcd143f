import math
import os
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image, ImageOps

from hirl_mm.datasets.read_image import read_image
from hirl_mm.files import replacing

from .evaluation_plot import COLORS
from .picture_text import plain_text
from .thumbnails import Images, Thumbnails

SAME, OTHER, PLAIN = COLORS[2], COLORS[1], '#8a8d91'
# As the frames: the share of the same class is the second curve.
_CURVE_COLORS = COLORS[0], COLORS[2]
_SIZE = 64
_DPI = 120
# Inches beside the thumbnails, above those of an image, and of the curves.
_MARGIN, _TITLE, _CURVES = 1.2, 0.6, 2.2


def draw_neighbor_sheet(
    tables: Mapping[int, np.ndarray],
    shown: Sequence[int],
    out: str | os.PathLike,
    images: Images,
    labels: Sequence[int] | None = None,
    class_names: Sequence[str] | None = None,
    curves: Mapping[str, Mapping[int, float]] | None = None,
    mix_share: float = 0.7,
) -> None:
    """Draw images with their nearest neighbours over the epochs.

    One row per image and epoch: the image, its neighbours, the most similar
    first, and the image mixed with the first of them. With labels, the frame
    of a neighbour is green if it has the class of the image and red if not.

    Args:
        tables: By epoch, in the order of the rows: (N, k) neighbours of every
            image, with the same k.
        shown: Sample indices of the images to show.
        out: Picture to write; its suffix chooses the format.
        images: Paths of the images by sample index, or a function that
            returns the image of a sample index.
        labels: (N,) class of every image; None if unknown.
        class_names: Names of the classes; None for their numbers.
        curves: At most two curves, values in percent by name and epoch, drawn
            below the images.
        mix_share: Share of the image in its mix, see :func:`mixed_picture`.

    Raises:
        ValueError: If there is nothing to show, or an image cannot be read.
    """
    if not tables or not shown:
        raise ValueError(
            f'there must be a table and an image to show, got {len(tables)} '
            f'tables and {len(shown)} images'
        )
    curves = {name: curve for name, curve in (curves or {}).items() if curve}
    (k,) = {table.shape[1] for table in tables.values()}
    strip = len(tables) * (_SIZE + 4) / _DPI * 1.6 + _TITLE
    width = (k + 2) * (_SIZE + 4) / _DPI * 1.6 + _MARGIN
    heights = [strip] * len(shown) + [_CURVES] * bool(curves)
    figure = Figure((max(width, 6), sum(heights)), _DPI, layout='constrained')
    axes = figure.subplots(len(heights), height_ratios=heights, squeeze=False)
    sheet = _Sheet(tables, images, labels, class_names, mix_share)
    for one, sample in zip(axes[:, 0], shown, strict=False):
        sheet.draw(one, sample)
    if curves:
        _draw_curves(axes[-1, 0], curves)
    with replacing(out) as temporary:
        figure.savefig(temporary)


def mixed_picture(
    image: Image.Image, other: Image.Image, share: float
) -> Image.Image:
    """Paste a box of another image into the middle of an image, like CutMix.

    Args:
        image: Image of any size.
        other: Image of the same size.
        share: Share of the area that stays that of ``image``, from 0 to 1.
    """
    scale = math.sqrt(1 - share)
    width, height = (round(side * scale) for side in image.size)
    left = (image.width - width) // 2
    top = (image.height - height) // 2
    box = left, top, left + width, top + height
    mixed = image.copy()
    mixed.paste(other.crop(box), box)
    return mixed


class _Sheet:
    """Draws the rows of an image; arguments as in the function above."""

    def __init__(
        self,
        tables: Mapping[int, np.ndarray],
        images: Images,
        labels: Sequence[int] | None,
        class_names: Sequence[str] | None,
        mix_share: float,
    ) -> None:
        self.tables = tables
        self.images = images
        self.labels = labels
        self.class_names = class_names
        self.mix_share = mix_share

    def draw(self, axes: Axes, sample: int) -> None:
        samples: list[int | tuple[int, int]] = []
        colors: list[str] = []
        for table in self.tables.values():
            row = [int(number) for number in table[sample]]
            samples += [sample, *row, (sample, row[0])]
            colors += [PLAIN, *(self._color(sample, n) for n in row), PLAIN]
        thumbnails = Thumbnails(lambda i: self._picture(samples[i]), _SIZE)
        columns = len(samples) // len(self.tables)
        axes.imshow(
            thumbnails.grid(np.arange(len(samples)), columns, colors),
            interpolation='none',
        )
        corners = (thumbnails.size + thumbnails.gap) * np.arange(len(samples))
        at = corners + thumbnails.size / 2
        neighbors = [str(i) for i in range(1, columns - 1)]
        axes.set_xticks(at[:columns], ['image', *neighbors, 'mix'])
        axes.set_yticks(
            at[: len(self.tables)], [f'epoch {e}' for e in self.tables]
        )
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(self._title(sample), loc='left', parse_math=False)

    def _picture(self, sample: int | tuple[int, int]) -> Image.Image:
        if isinstance(sample, tuple):
            image, other = (
                ImageOps.fit(self._picture(one), (_SIZE, _SIZE))
                for one in sample
            )
            return mixed_picture(image, other, self.mix_share)
        if callable(self.images):
            return self.images(sample).convert('RGB')
        return read_image(self.images[sample]).convert('RGB')

    def _color(self, sample: int, neighbor: int) -> str:
        if self.labels is None or sample == neighbor:
            return PLAIN
        same = self.labels[sample] == self.labels[neighbor]
        return SAME if same else OTHER

    def _title(self, sample: int) -> str:
        if self.labels is None:
            return f'image {sample}'
        label = self.labels[sample]
        name = f'{label}'
        if self.class_names is not None:
            name = plain_text(str(self.class_names[label]))
        return f'image {sample}, class {name} (green: the same, red: another)'


def _draw_curves(
    axes: Axes, curves: Mapping[str, Mapping[int, float]]
) -> None:
    for (name, curve), color in zip(
        curves.items(), _CURVE_COLORS, strict=False
    ):
        axes.plot(list(curve), list(curve.values()), 'o-', c=color, label=name)
        for epoch, value in curve.items():
            axes.annotate(
                f'{value:.0f}',
                (epoch, value),
                xytext=(0, 4),
                textcoords='offset points',
                ha='center',
                color=color,
            )
    axes.set(xlabel='epoch', ylabel='%', ylim=(0, 112))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc='lower right')

import colorsys
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

from .picture_text import label_text

GOLDEN_RATIO = 0.618033988749895
MAX_NAME = 18
REST = '#c9ccd0'


class ClassPalette:
    """Names and colors of the classes of a data set.

    Up to 20 classes get Matplotlib's qualitative colors. More classes get
    hues spread around the color circle: neighbours differ clearly, but a
    color no longer identifies its class.

    Args:
        labels: (N,) class of every sample, at least 0.
        class_names: Names of the classes; None for their numbers.

    Raises:
        ValueError: If there are fewer names than classes.
    """

    def __init__(
        self, labels: np.ndarray, class_names: Sequence[str] | None = None
    ) -> None:
        self.labels = labels
        self.num_classes = int(labels.max()) + 1
        if class_names is not None:
            if len(class_names) < self.num_classes:
                raise ValueError(
                    f'class_names must name all classes up to the largest '
                    f'label {self.num_classes - 1}, got {len(class_names)} '
                    'names'
                )
            self.num_classes = len(class_names)
        self.class_names = class_names

    def name(self, label: int) -> str:
        """Return the name of a class on one line, shortened for a picture.

        It is a :func:`~hirl_mm.visualization.picture_text.label_text`.
        """
        if self.class_names is None:
            return f'class {label}'
        name = str(self.class_names[label])
        short = name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + '…'
        return label_text(short)

    def color(self, label: int) -> str:
        """Return the color of a class as ``#rrggbb``."""
        if self.num_classes <= 20:
            palette = 'tab10' if self.num_classes <= 10 else 'tab20'
            return to_hex(colormaps[palette](label))
        hue = label * GOLDEN_RATIO % 1
        return to_hex(colorsys.hsv_to_rgb(hue, 0.75, 0.6 + label % 2 * 0.3))

    def colors(self, samples: np.ndarray) -> list[str]:
        """Return the color of every sample's class.

        Args:
            samples: (n,) sample indices.
        """
        return [self.color(int(label)) for label in self.labels[samples]]

    def majority(self, samples: np.ndarray) -> tuple[int, float]:
        """Return the most frequent class of samples and its share in percent.

        Args:
            samples: (n,) sample indices, n >= 1.
        """
        counts = np.bincount(self.labels[samples])
        label = int(counts.argmax())
        return label, 100 * counts[label] / len(samples)

    def shares(
        self, samples: np.ndarray, most: int = 8
    ) -> list[tuple[str, float]]:
        """Return colors and shares of the classes of samples.

        Args:
            samples: (n,) sample indices, n >= 1.
            most: Number of classes to return; the others are summed up in
                grey.

        Returns:
            Color and share, 0 to 1, of every class, the largest share first.
        """
        counts = np.bincount(self.labels[samples])
        classes = np.argsort(-counts, kind='stable')[: np.sum(counts > 0)]
        shares = [
            (self.color(int(label)), counts[label] / len(samples))
            for label in classes[:most]
        ]
        rest = counts[classes[most:]].sum() / len(samples)
        return [*shares, (REST, rest)] if rest else shares

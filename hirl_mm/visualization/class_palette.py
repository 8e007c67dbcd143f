import colorsys
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

GOLDEN_RATIO = 0.618033988749895
MAX_NAME = 18
REST = '#c9ccd0'


class ClassPalette:
    """Names and colors of the classes of a data set.

    Up to 20 classes get the qualitative colors of Matplotlib; more get hues
    spread around the color circle, which tell neighbours apart but are no
    code to read classes from.

    Args:
        labels: (N,) class of every sample, each >= 0.
        class_names: Names by class; their numbers if None.
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
        if self.class_names is None:
            return f'class {label}'
        name = str(self.class_names[label])
        short = name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + '…'
        return short.replace('$', r'\$')

    def color(self, label: int) -> str:
        """Color of a class as ``#rrggbb``."""
        if self.num_classes <= 20:
            palette = 'tab10' if self.num_classes <= 10 else 'tab20'
            return to_hex(colormaps[palette](label))
        hue = label * GOLDEN_RATIO % 1
        return to_hex(colorsys.hsv_to_rgb(hue, 0.75, 0.6 + label % 2 * 0.3))

    def colors(self, samples: np.ndarray) -> list[str]:
        """Color of the class of every sample."""
        return [self.color(int(label)) for label in self.labels[samples]]

    def majority(self, samples: np.ndarray) -> tuple[int, float]:
        """The most frequent class of samples and its share in percent."""
        counts = np.bincount(self.labels[samples])
        label = int(counts.argmax())
        return label, 100 * counts[label] / len(samples)

    def shares(
        self, samples: np.ndarray, most: int = 8
    ) -> list[tuple[str, float]]:
        """Colors and shares of the classes of samples, the largest first.

        Classes behind the first ``most`` are summed up in grey.
        """
        counts = np.bincount(self.labels[samples])
        classes = np.argsort(-counts, kind='stable')[: np.sum(counts > 0)]
        shares = [
            (self.color(int(label)), counts[label] / len(samples))
            for label in classes[:most]
        ]
        rest = counts[classes[most:]].sum() / len(samples)
        return [*shares, (REST, rest)] if rest else shares

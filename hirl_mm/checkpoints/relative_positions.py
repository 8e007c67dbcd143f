import numpy as np
import torch
from scipy.interpolate import RectBivariateSpline
from scipy.optimize import brentq
from torch import Tensor

TABLE = 'relative_position_bias_table'


def resize_table(
    table: Tensor, old: tuple[int, int], new: tuple[int, int], extra: int
) -> Tensor:
    """Interpolate BEiT's biases of relative positions, a cubic spline.

    As BEiT does for fine-tuning with larger images, the known offsets keep
    their distance of one patch near 0 and spread geometrically so that the
    largest lands on the largest new offset; for a smaller grid all keep it.
    MMPreTrain's function of this purpose needs a SciPy before 1.14.

    Args:
        table: (D, H), a bias per offset and head: (2h - 1)(2w - 1) offsets
            row by row, then those of the class token.
        old: Height and width (h, w) of its grid of patches, at least 3.
        new: The same of the grid wanted.
        extra: Rows for the class token, which are copied.

    Returns:
        (D', H), in the dtype of the table.
    """
    split = len(table) - extra
    places = [_places(o - 1, n - 1) for o, n in zip(old, new, strict=True)]
    wanted = [np.arange(1 - n, n) for n in new]
    size = [2 * o - 1 for o in old]
    biases = table[:split].double().T.reshape(-1, *size).numpy()
    resized = [RectBivariateSpline(*places, b)(*wanted) for b in biases]
    rows = torch.from_numpy(np.stack(resized)).flatten(1).T
    return torch.cat([rows.to(table.dtype), table[split:]])


def _places(known: int, largest: int) -> np.ndarray:
    """Where the offsets -known .. known lie; of the last at least largest."""
    ratio = 1.0
    if largest > known:
        ratio = brentq(
            lambda q: sum(q**i for i in range(known)) - largest, 1, largest
        )
    half = np.cumsum(ratio ** np.arange(known))
    return np.concatenate([-half[::-1], [0], half])

import numpy as np
import torch
from scipy.interpolate import RectBivariateSpline
from scipy.optimize import brentq
from torch import Tensor

TABLE = 'relative_position_bias_table'


def resize_table(
    table: Tensor, old: tuple[int, int], new: tuple[int, int], extra: int
) -> Tensor:
    """Interpolate BEiT's relative position biases with a cubic spline.

    This follows BEiT's fine-tuning with larger images: the known offsets
    stay one patch apart near 0, and their distance grows geometrically so
    that the largest known offset falls on the largest new one. For a smaller
    grid all offsets stay one patch apart. MMPreTrain has a function for this,
    but it needs SciPy below 1.14.

    Args:
        table: (D, H), one bias per offset and attention head: the
            (2h - 1)(2w - 1) offsets row by row, then the rows of the class
            token.
        old: Height and width (h, w) of the table's grid of patches, at
            least 3.
        new: Height and width of the new grid of patches.
        extra: Number of rows of the class token; they are copied.

    Returns:
        (D', H), in the dtype of the table.
    """
    split = len(table) - extra
    known = [_positions(o - 1, n - 1) for o, n in zip(old, new, strict=True)]
    wanted = [np.arange(1 - n, n) for n in new]
    size = [2 * o - 1 for o in old]
    biases = table[:split].double().T.reshape(-1, *size).numpy()
    resized = [RectBivariateSpline(*known, b)(*wanted) for b in biases]
    rows = torch.from_numpy(np.stack(resized)).flatten(1).T
    return torch.cat([rows.to(table.dtype), table[split:]])


def _positions(known: int, largest: int) -> np.ndarray:
    """Return the positions of the offsets -known .. known on the new grid.

    The last one lies at ``largest``, or at ``known`` if that is larger.
    """
    ratio = 1.0
    if largest > known:
        ratio = brentq(
            lambda q: sum(q**i for i in range(known)) - largest, 1, largest
        )
    half = np.cumsum(ratio ** np.arange(known))
    return np.concatenate([-half[::-1], [0], half])

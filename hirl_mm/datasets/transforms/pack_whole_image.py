import numpy as np
import torch
from mmpretrain.datasets.transforms import PackInputs
from torch import Tensor

from hirl_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackWholeImage(PackInputs):
    """Pack a decoded image of any size for views that the device makes.

    The image stays as it was decoded, (H, W, 3) uint8;
    :func:`~hirl_mm.datasets.collate.ragged_collate` joins those of a batch,
    and :class:`~hirl_mm.models.data_preprocessors.DeviceViews` makes the
    views. Everything else is packed as by ``PackInputs``, whose arguments it
    takes.

    Raises:
        TypeError: If the image is not an array (H, W) or (H, W, 3) of uint8.
    """

    @staticmethod
    def format_input(input_: np.ndarray) -> Tensor:
        known = isinstance(input_, np.ndarray) and input_.dtype == np.uint8
        if known and input_.ndim == 2:
            input_ = np.repeat(input_[..., None], 3, axis=2)
        if not known or input_.ndim != 3 or input_.shape[2] != 3:
            raise TypeError(
                'views on the device need a decoded image, an array (H, W, 3) '
                f'or (H, W) of uint8, got {_shown(input_)}: load it with '
                "dict(type='hirl_mm.LoadImage'), or make the views in the "
                "workers with views='cpu'"
            )
        return torch.from_numpy(np.ascontiguousarray(input_))


def _shown(image: object) -> str:
    if isinstance(image, np.ndarray):
        return f'{image.dtype} of shape {image.shape}'
    return type(image).__name__

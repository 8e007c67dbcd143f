import numpy as np
from mmcv.transforms import LoadImageFromFile
from torch import Tensor

from hirl_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadImage(LoadImageFromFile):
    """Load an image like ``LoadImageFromFile``, with the path in errors.

    The decoder's own message does not contain the path, without which one
    broken file among a million cannot be found.

    With ``ignore_empty=True`` no image comes from a file that cannot be read
    or decoded; ``LoadImageFromFile`` ignores only missing and empty files.
    MMEngine's data sets then draw another image, and feature passes leave the
    image out. :func:`~hirl_mm.datasets.unreadable_notes.noted_unreadable`
    counts them.

    Some data sets, such as CIFAR and MNIST, hold their images as arrays.
    These stay as they are, in MMPreTrain's data sets RGB or grey; only with
    ``color_type='color'`` grey images (H, W) get three equal channels, as
    grey files do. A data preprocessor for RGB arrays needs ``to_rgb=False``.

    Raises:
        OSError: If the file cannot be read or decoded.
    """

    unreadable: Tensor | None = None

    def transform(self, results: dict) -> dict | None:
        if results.get('img_path') is None and 'img' in results:
            return self._of_array(results)
        try:
            loaded = super().transform(results)
        except Exception as error:
            if not self.ignore_empty:
                raise OSError(
                    f'cannot read the image {results["img_path"]}: '
                    f'{type(error).__name__}: {error}'.rstrip()
                ) from error
            loaded = None
        if loaded is None and self.unreadable is not None:
            self.unreadable[results['sample_idx']] = 1
        return loaded

    def _of_array(self, results: dict) -> dict:
        image = results['img']
        if image.ndim == 2 and self.color_type == 'color':
            image = np.repeat(image[..., None], 3, axis=2)
        if self.to_float32:
            image = image.astype(np.float32)
        shape = image.shape[:2]
        return results | dict(img=image, img_shape=shape, ori_shape=shape)

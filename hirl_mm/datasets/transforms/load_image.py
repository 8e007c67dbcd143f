import numpy as np
from mmcv.transforms import LoadImageFromFile

from hirl_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadImage(LoadImageFromFile):
    """Load an image like ``LoadImageFromFile``, with the path in errors.

    The decoder's own message does not contain the path, without which one
    broken file among a million cannot be found.

    With ``ignore_empty=True`` no image comes from a file that cannot be read
    or decoded; ``LoadImageFromFile`` ignores only missing and empty files.
    MMEngine's data sets then draw another image, and feature passes leave the
    image out.

    Some data sets, such as CIFAR and MNIST, hold their images as arrays.
    These stay as they are, in MMPreTrain's data sets RGB or grey; only with
    ``color_type='color'`` grey images (H, W) get three equal channels, as
    grey files do. A data preprocessor for RGB arrays needs ``to_rgb=False``.

    Raises:
        OSError: If the file cannot be read or decoded.
    """

    def transform(self, results: dict) -> dict | None:
        if results.get('img_path') is None and 'img' in results:
            return self._of_array(results)
        try:
            return super().transform(results)
        except Exception as error:
            if self.ignore_empty:
                return None
            raise OSError(
                f'cannot read the image {results["img_path"]}: '
                f'{type(error).__name__}: {error}'.rstrip()
            ) from error

    def _of_array(self, results: dict) -> dict:
        image = results['img']
        if image.ndim == 2 and self.color_type == 'color':
            image = np.repeat(image[..., None], 3, axis=2)
        if self.to_float32:
            image = image.astype(np.float32)
        shape = image.shape[:2]
        return results | dict(img=image, img_shape=shape, ori_shape=shape)

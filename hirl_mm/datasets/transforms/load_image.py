from mmcv.transforms import LoadImageFromFile

from hirl_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadImage(LoadImageFromFile):
    """Load an image like ``LoadImageFromFile``, with the path in errors.

    The decoder's own message does not contain the path, without which one
    broken file among a million cannot be found.

    Raises:
        OSError: If the file cannot be read or decoded.
    """

    def transform(self, results: dict) -> dict | None:
        try:
            return super().transform(results)
        except Exception as error:
            raise OSError(
                f'cannot read the image {results["img_path"]}: '
                f'{type(error).__name__}: {error}'.rstrip()
            ) from error

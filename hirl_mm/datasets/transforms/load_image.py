from mmcv.transforms import LoadImageFromFile

from hirl_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadImage(LoadImageFromFile):
    """``LoadImageFromFile`` whose errors name the file.

    The decoder's own message does not, and one broken file among a million
    cannot be found without its path.

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

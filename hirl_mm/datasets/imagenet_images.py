from mmpretrain.datasets import ImageNet

from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.registry import DATASETS


@DATASETS.register_module()
class ImageNetImages(FolderImages, ImageNet):
    """ImageNet's images, from a folder that is listed once, or from shards.

    It takes the arguments of ``mmpretrain.ImageNet`` and has the same images,
    labels and class names in the same order. A later start takes the list of
    the files that the first one has made, see :class:`FolderImages`.

    Args:
        **kwargs: Arguments of ``mmpretrain.ImageNet``.

    Example:
        >>> train_dataloader = dict(dataset=dict(
        ...     type='hirl_mm.ImageNetImages', data_root='data/imagenet',
        ...     split='train'))
    """

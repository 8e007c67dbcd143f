from mmengine.dataset import BaseDataset
from PIL import Image

from hirl_mm.datasets.distinct_images import DistinctImages, distinct_images
from hirl_mm.datasets.image_label import label_of

from .thumbnails import read_image


def images_of_data(dataset: BaseDataset | DistinctImages) -> dict:
    """Return the images of a data set to draw, with their classes if any.

    Args:
        dataset: Data set of files or of arrays (H, W, 3) in RGB or (H, W), as
            MMPreTrain's CIFAR and MNIST. Each of its images counts once.

    Returns:
        ``images``, a function from the index of an image to the image, and,
        if all images have one label of the same classes, ``labels`` and
        ``class_names``, as the arguments of :func:`draw_semantic_tree`.
    """
    images = distinct_images(dataset)
    labels = [label_of(info) for info in images.infos()]

    def image(idx: int) -> Image.Image:
        info = images.get_data_info(idx)
        if info.get('img_path') is not None:
            return read_image(info['img_path'])
        return Image.fromarray(info['img'])

    found = dict(images=image)
    if None not in labels and images.has_same_classes:
        found |= dict(labels=labels, class_names=images.CLASSES)
    return found

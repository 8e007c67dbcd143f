from mmengine.dataset import BaseDataset
from PIL import Image

from hirl_mm.datasets.distinct_images import DistinctImages, distinct_images
from hirl_mm.datasets.image_label import label_of
from hirl_mm.datasets.read_image import read_image


def images_of_data(dataset: BaseDataset | DistinctImages) -> dict:
    """Return the images of a data set to draw, with their classes if any.

    Args:
        dataset: Data set of files or of arrays (H, W, 3) in RGB or (H, W), as
            MMPreTrain's CIFAR and MNIST. Each of its images counts once.

    Returns:
        ``images``, the paths, or if there are arrays a function from the
        index of an image to the image; and, if all images have one label of
        the same classes, ``labels`` and, if known, ``class_names``. These are
        arguments of :func:`draw_semantic_tree`.
    """
    images = distinct_images(dataset)
    paths: list[str | None] = []
    labels: list[int | None] = []
    for info in images.infos():
        paths.append(info.get('img_path'))
        labels.append(label_of(info))

    def image(idx: int) -> Image.Image:
        path = paths[idx]
        if path is not None:
            return read_image(path)
        return Image.fromarray(images.get_data_info(idx)['img'])

    found: dict = dict(images=image if None in paths else paths)
    if None not in labels and images.has_same_classes:
        found |= dict(labels=labels)
        if images.CLASSES is not None:
            found |= dict(class_names=images.CLASSES)
    return found

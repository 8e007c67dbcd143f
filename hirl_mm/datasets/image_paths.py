from collections.abc import Sequence

from mmengine.dataset import BaseDataset

from hirl_mm.datasets.compact_images import image_paths


def paths_of_leaf(leaf: BaseDataset) -> Sequence[str | None]:
    """Return the path of every image of a data set, None for an array.

    Args:
        leaf: Data set with annotations of its own.
    """
    paths = image_paths(leaf)
    if paths is not None:
        return paths
    infos = map(leaf.get_data_info, range(len(leaf)))
    return [info.get('img_path') for info in infos]

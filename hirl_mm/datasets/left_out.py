import os

from mmengine.dataset import BaseDataset
from mmengine.dist import is_main_process
from mmengine.logging import MMLogger
from mmpretrain.datasets import CustomDataset

from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.image_files import left_out_text
from hirl_mm.datasets.listing.found_images import find_images
from hirl_mm.datasets.listing.kept_scans import MIN_FILES, kept_scan
from hirl_mm.datasets.wrappers import unwrapped

# Data sets of MMPreTrain, and those of this project that keep their lists.
_LISTED_ONCE = dict(CustomDataset='FolderImages', ImageNet='ImageNetImages')


def warn_of_left_out(dataset: BaseDataset, what: str) -> None:
    """Warn of images in a folder that the data set does not list.

    MMPreTrain's ``CustomDataset`` leaves out files whose extension it does
    not know, such as ``.webp``, and files beside the class folders, without a
    message. This function counts them; it opens no file, and lists the folder
    only if there is no list of an earlier run. Only the first process of a
    run does this.

    Args:
        dataset: Data set or wrapper. Data sets that read no local folder, or
            that say themselves what they leave out, are skipped.
        what: Name of the data set in the warning.
    """
    for leaf in unwrapped(dataset) if is_main_process() else ():
        if not isinstance(leaf, CustomDataset) or leaf.ann_file:
            continue
        folder = leaf.img_prefix
        if isinstance(leaf, FolderImages) or not os.path.isdir(folder):
            continue
        scan = kept_scan(folder)
        found = find_images(scan, leaf.extensions, leaf.with_label)
        logger = MMLogger.get_current_instance()
        if found.left_out:
            text = left_out_text(folder, found.left_out, leaf.extensions)
            logger.warning(f'{what}: {text}')
        better = _LISTED_ONCE.get(type(leaf).__name__)
        if better and len(scan) >= MIN_FILES:
            logger.info(
                f'{what}: mmpretrain.{type(leaf).__name__} lists the '
                f'{len(scan):,} files of {folder} at every start. '
                f"type='hirl_mm.{better}' takes the same arguments and keeps "
                'the list'
            )

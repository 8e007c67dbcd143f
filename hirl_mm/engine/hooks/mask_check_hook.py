from mmengine.dataset import BaseDataset
from mmengine.runner import Runner

from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.registry import HOOKS


@HOOKS.register_module()
class MaskCheckHook(NamedHook):
    """See that every annotated object has a mask before masks are learned.

    MMDetection notices the first that is missing when its image is loaded,
    which may be after hours.

    Raises:
        ValueError: Before training or testing, if a mask is missing, with the
            file of annotations; that of validation is checked, too.
    """

    config_name = 'mask_check'

    def before_train(self, runner: Runner) -> None:
        check_masks(runner.train_dataloader.dataset)
        if runner.val_loop is not None:
            check_masks(runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        check_masks(runner.test_dataloader.dataset)


def check_masks(dataset: BaseDataset) -> None:
    """Look through the objects of MMDetection's ``CocoDataset``.

    Raises:
        ValueError: If an object has no mask.
    """
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        if all('mask' in instance for instance in info['instances']):
            continue
        raise ValueError(
            f'{dataset.ann_file} has an object without a mask (in image '
            f"{info['img_id']}: no 'segmentation'), but the detector learns "
            "masks. Give COCO's instances_*.json, or use the config of a "
            'Faster R-CNN, which needs boxes only'
        )

from mmengine.runner import Runner

from hirl_mm.engine.checks.masks import check_masks
from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.registry import HOOKS


@HOOKS.register_module()
class MaskCheckHook(NamedHook):
    """Checks that every annotated object has a mask before masks are learned.

    MMDetection notices a missing mask only when it loads the image, which may
    be after hours.

    Raises:
        ValueError: Before training or testing, if a mask is missing, with the
            file of annotations. Before training, the validation data are
            checked, too.
    """

    config_name = 'mask_check'

    def before_train(self, runner: Runner) -> None:
        check_masks(runner.train_dataloader.dataset)
        if runner.val_loop is not None:
            check_masks(runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        check_masks(runner.test_dataloader.dataset)

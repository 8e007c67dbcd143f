from mmengine.runner import Runner

from hirl_mm.engine.checks.masks import check_masks
from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.registry import HOOKS


@HOOKS.register_module()
class MaskCheckHook(NamedHook):
    """Check before a run that every annotated object has a mask.

    MMDetection notices a missing mask only when it loads that image, possibly
    hours later. Before a training, the validation data are checked, too.

    Raises:
        ValueError: Before training or testing, if a mask is missing. The
            error names the annotation file.
    """

    config_name = 'mask_check'

    def before_train(self, runner: Runner) -> None:
        check_masks(runner.train_dataloader.dataset)
        if runner.val_loop is not None:
            check_masks(runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        check_masks(runner.test_dataloader.dataset)

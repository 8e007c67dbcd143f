from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from hirl_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class GroupedOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """MMEngine's constructor with one group per set of options.

    With a ``paramwise_cfg`` MMEngine creates one group per parameter, and
    PyTorch's optimizers update one group after another: a ViT-B in 150 groups
    needs 75 times as many kernel launches as in 2 groups. The update of every
    parameter is the same to the bit. Groups are in the order of their first
    parameters, so the log shows the learning rate of the same parameter as
    before.

    Use it as ``optim_wrapper=dict(
    constructor='hirl_mm.GroupedOptimWrapperConstructor', ...)``. The state of
    an optimizer is stored by group, so a run must be resumed with the
    constructor that it started with.
    """

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: int | float | None = None,
    ) -> None:
        """Add the groups of a module, and merge the groups of a whole model.

        Args:
            params: The groups so far, changed in place.
            module: The module that has the parameters to add.
            prefix: Name of the module in the model, empty for the model
                itself. Groups are merged for an empty prefix.
            is_dcn_module: Whether the module is part of a deformable
                convolution.
        """
        super().add_params(params, module, prefix, is_dcn_module)
        if not prefix:
            params[:] = merged_groups(params)


def merged_groups(groups: list[dict]) -> list[dict]:
    """Merge the groups that have the same options.

    Args:
        groups: Groups of parameters of an optimizer.

    Returns:
        One group per set of options. Groups and their parameters keep their
        order.
    """
    merged: list[dict] = []
    seen_options: list[dict] = []
    for group in groups:
        options = {k: v for k, v in group.items() if k != 'params'}
        if options in seen_options:
            first = merged[seen_options.index(options)]
            first['params'] = first['params'] + group['params']
        else:
            merged.append(group)
            seen_options.append(options)
    return merged

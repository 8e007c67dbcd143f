"""Private names of other packages that hirl_mm uses or overrides.

A release may change them without a word. A test finds those that are missing
here, and those that the installed packages lack; so does ``hirl_mm.env``.
"""

import importlib.util
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import StackError

# File of a package, and the names in it.
PRIVATE_NAMES = {
    'mmengine/dataset/base_dataset.py': (
        *('_copy_without_annotation', '_indices', '_metainfo'),
        '_serialize_data',
    ),
    'mmengine/dataset/sampler.py': ('_indices_of_rank',),
    'mmengine/hooks/checkpoint_hook.py': (
        *('_save_best_checkpoint', '_save_checkpoint_with_step'),
    ),
    'mmengine/model/base_model/base_model.py': ('_run_forward',),
    'mmengine/model/base_module.py': ('_params_init_info',),
    'mmengine/optim/scheduler/param_scheduler.py': (
        *('_ParamScheduler', '_global_step', '_last_value', '_with_counter'),
    ),
    'mmengine/runner/runner.py': (
        *('_load_from', '_resume', '_train_loop', '_val_loop'),
    ),
    'mmengine/utils/dl_utils/parrots_wrapper.py': ('_BatchNorm',),
    'mmengine/utils/manager.py': ('_instance_dict',),
    'mmengine/visualization/vis_backend.py': ('_config_save_file', '_dump'),
    'mmpretrain/models/backbones/vision_transformer.py': (
        *('_format_output', '_freeze_stages', '_prepare_pos_embed'),
    ),
    'mmpretrain/models/heads/multi_label_cls_head.py': ('_get_loss',),
    'mmpretrain/models/selfsup/moco.py': ('_dequeue_and_enqueue',),
    'mmpretrain/models/selfsup/mocov3.py': ('_freeze_stages',),
    'torch/_C/_VariableFunctions.pyi': (
        *('_foreach_add_', '_foreach_copy_', '_foreach_mul'),
        *('_foreach_mul_', '_foreach_norm'),
    ),
    'torch/nn/modules/batchnorm.py': ('_NormBase',),
    'torch/nn/modules/module.py': (
        *('_buffers', '_forward_hooks', '_forward_pre_hooks'),
        '_load_from_state_dict',
    ),
    'torch/utils/data/dataloader.py': ('_iterator',),
}


def lacking(names: Mapping[str, Sequence[str]] = PRIVATE_NAMES) -> list[str]:
    """Return which names the installed packages lack.

    No package is imported: a name is there if its file has the word.

    Args:
        names: Private names by file.

    Returns:
        ``FILE has no NAME``, without those of packages that are missing.

    Example:
        >>> lacking({'mmengine/runner/runner.py': ('_resume', '_resumed')})
        ['mmengine/runner/runner.py has no _resumed']
    """
    found = []
    for file, private in names.items():
        package, _, inside = file.partition('/')
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            continue
        path = Path(spec.origin).parent / inside
        text = path.read_text() if path.is_file() else ''
        missing = set(private).difference(re.findall(r'\w+', text))
        found += [f'{file} has no {name}' for name in sorted(missing)]
    return found


def check_private_names() -> None:
    """Check that the installed packages have the private names.

    Raises:
        StackError: If one of them is missing.
    """
    if missing := lacking():
        raise StackError(
            f'{"; ".join(missing)}: hirl_mm uses what these versions lack. '
            'Fix with: install versions that docs/install.md lists'
        )

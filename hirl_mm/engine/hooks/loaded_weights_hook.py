import logging

from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model
from torch import nn

from hirl_mm.checkpoints.backbone_facts import backbone_of, check_facts
from hirl_mm.checkpoints.loaded_parts import (
    fitting,
    initialised_from,
    parts_without,
)
from hirl_mm.checkpoints.state_dict import meta_of
from hirl_mm.engine.checks.recorded_facts import check_initialising_files
from hirl_mm.models.modules import average_sources, with_averages
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook


@HOOKS.register_module()
class LoadedWeightsHook(NamedHook):
    """Check what a run loads, and say what it does not load.

    MMEngine's ``load_from`` loads the weights that fit and skips the others.
    This hook raises an error if no weight of the file fits, or if the file
    records facts about its backbone that the config contradicts, such as the
    number of attention heads; these facts are also checked for the files of
    every ``init_cfg`` and for a checkpoint that is resumed or tested. Moving
    averages that the file does not hold start as copies of the loaded
    networks. One line of the log names the parts that keep their initial
    weights; for a checkpoint that is resumed or tested there may be none.

    A run with any other hook of this package registers this hook by itself.

    Raises:
        ValueError: Before the first iteration, if a file does not belong to
            the model.
    """

    config_name = 'loaded_weights'
    # Appended while the hooks run, see NamedHook.before_run.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._held: set[str] = set()
        self._unused: dict[str, None] = {}

    def before_run(self, runner: Runner) -> None:
        super().before_run(runner)
        check_initialising_files(get_ori_model(runner.model))

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        model, file = get_ori_model(runner.model), runner._load_from
        source = file or f'the checkpoint of {runner.work_dir}'
        state = checkpoint.get('state_dict', checkpoint)
        if not fitting(model, state):
            own = list(model.state_dict())
            raise ValueError(
                f'{source} has no weight that fits {type(model).__name__}: '
                f'its first keys are {", ".join(list(state)[:3])}, those of '
                f'the model {", ".join(own[:3])}. Convert files of other '
                'libraries with tools/model_converters/import_checkpoint.py'
            )
        backbone = backbone_of(model)
        if backbone is not None:
            check_facts(backbone, meta_of(checkpoint), source)
        if runner._resume:
            _check_whole(
                model,
                fitting(model, state),
                f'the run cannot be resumed from {source}',
                'resume with the config of that run',
            )
        if not runner._resume:
            prefix = 'module.' * all(k.startswith('module.') for k in state)
            sources = average_sources(model)
            self._held = {
                average
                for average in sources
                if any(key.startswith(prefix + average) for key in state)
            }
            state.update(with_averages(state, sources, prefix))
            self._keys, own = fitting(model, state), model.state_dict()
            self._unused = dict.fromkeys(
                name.split('.')[0]
                for name in (key.removeprefix(prefix) for key in state)
                if name not in own
            )

    def before_train(self, runner: Runner) -> None:
        if not runner._resume:
            model = get_ori_model(runner.model)
            self._report(runner, model, initialised_from(model))

    def before_test(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        if self._keys:
            _check_whole(
                model,
                self._keys,
                f'{runner._load_from} was not trained as this model',
                'give a checkpoint of a training with this config',
            )
        self._report(runner, model, {})

    def _report(
        self, runner: Runner, model: nn.Module, files: dict[str, str]
    ) -> None:
        """Log which parts of the model keep their initial weights.

        Args:
            runner: Runner of the model.
            model: The model.
            files: Module -> checkpoint that its ``init_cfg`` loaded.
        """
        keys, names = set(self._keys), model.state_dict().keys()
        loaded = [runner._load_from] if keys else []
        for path, file in files.items():
            start = f'{path}.' if path else ''
            keys |= {name for name in names if name.startswith(start)}
            loaded.append(file)
        if not loaded:
            return
        averages = average_sources(model)
        copies = {k.split('.')[0] for k in averages if k not in self._held}
        left = [
            part
            for part in parts_without(model, keys)
            if part.split(' ')[0] not in copies
        ]
        told = [f'weights of {", ".join(dict.fromkeys(loaded))}']
        if left:
            told.append(f'not loaded, at initial weights: {", ".join(left)}')
        else:
            told.append('the whole model was loaded')
        if copies:
            told.append(
                'starting as copies of the trained network: '
                + ', '.join(sorted(copies))
            )
        level = logging.INFO
        if self._unused:
            told.append(f'in the file, not here: {", ".join(self._unused)}')
            # Both sides have parts of their own: another method, perhaps.
            level = logging.WARNING if left else level
        runner.logger.log(level, '; '.join(told))


def _check_whole(
    model: nn.Module, keys: set[str], what: str, fix: str
) -> None:
    """Raise ValueError unless all weights of a model were loaded."""
    # Queues and the like are filled again, or by others.
    state = {
        name for name, _ in model.named_buffers() if 'running_' not in name
    }
    left = parts_without(model, keys | state)
    if left:
        raise ValueError(
            f'{what}: it has no weights that fit {", ".join(left)} of '
            f'{type(model).__name__}. Fix: {fix}'
        )

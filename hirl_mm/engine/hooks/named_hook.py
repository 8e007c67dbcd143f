from mmengine.hooks import Hook
from mmengine.runner import Runner

from hirl_mm.engine.runtime.hook_entries import classes_in_custom_hooks

_OF_EVERY_RUN = 'LoadedWeightsHook', 'PortableCheckpointHook'


class NamedHook(Hook):
    """Base class of hooks that configs add to ``default_hooks`` by name.

    A config that inherits from another config merges ``default_hooks`` by
    name, but replaces the list ``custom_hooks`` and so drops all hooks in it.
    The hooks of this package therefore belong in ``default_hooks``. In
    ``custom_hooks`` they still run, and one warning per run shows what to
    write instead.

    A run with any of these hooks also gets a
    :class:`~hirl_mm.engine.hooks.LoadedWeightsHook` and a
    :class:`~hirl_mm.engine.hooks.PortableCheckpointHook`.

    Attributes:
        config_name: Name of the hook in ``default_hooks`` of the configs of
            this project. If it is empty, the warning suggests the class name.

    Raises:
        ValueError: Before training or testing, if ``custom_hooks`` and
            ``default_hooks`` hold hooks of the same class.
    """

    config_name = ''

    def before_run(self, runner: Runner) -> None:
        hooks = [hook for hook in runner.hooks if isinstance(hook, NamedHook)]
        if hooks[0] is self:
            self._warn_of_custom_hooks(runner, hooks)
            present = {type(hook).__name__ for hook in hooks}
            # Their priority puts them behind all hooks, so that the Runner,
            # which is calling before_run of one hook after the other, comes
            # to them as well.
            for name in _OF_EVERY_RUN:
                if name not in present:
                    runner.register_hook(dict(type=f'hirl_mm.{name}'))

    def gather_state(self, runner: Runner) -> None:
        """Collect from all ranks what a checkpoint is to hold.

        A :class:`~hirl_mm.engine.hooks.DurableCheckpointHook` calls this on
        all ranks before it saves; ``before_save_checkpoint`` is called on the
        first rank only.
        """

    @staticmethod
    def _warn_of_custom_hooks(
        runner: Runner, hooks: list['NamedHook']
    ) -> None:
        names = {type(h).__name__: h.config_name for h in hooks}
        found = classes_in_custom_hooks(runner.cfg, names)
        if not found:
            return
        entries = ', '.join(
            f"{names[cls] or cls}=dict(type='hirl_mm.{cls}', ...)"
            for cls in found
        )
        runner.logger.warning(
            f'{", ".join(found)} in custom_hooks: a config that inherits from '
            'this one and sets custom_hooks drops these hooks. Write '
            f'default_hooks = dict({entries}) instead, and on the command '
            f'line default_hooks.{names[found[0]] or found[0]}.ARGUMENT=VALUE'
        )

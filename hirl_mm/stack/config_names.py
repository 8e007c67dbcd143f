"""``hirl_mm::`` before the paths of configs, as MMEngine looks it up.

MMEngine has a table of the packages in which it looks up configs. Importing
``hirl_mm`` adds this project to the table, without importing MMEngine: if
MMEngine is not loaded yet, the entry is added when it is.
"""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

# The module of MMEngine that holds the table.
_TABLE = 'mmengine.config.utils'


def register_configs() -> None:
    """Let MMEngine find configs by ``hirl_mm::hirl/...``.

    This works in ``_base_``, in ``mmengine.hub.get_config`` and in
    ``get_model``. Importing ``hirl_mm`` calls this function.
    """
    module = sys.modules.get(_TABLE)
    if module is not None and hasattr(module, 'MODULE2PACKAGE'):
        _add_to(module)
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _add_to(module: ModuleType) -> None:
    # The name of a module, not of the distribution: MMEngine finds the folder
    # of a distribution by its metadata, which lies elsewhere in an editable
    # install, but the folder of a module by the import system.
    module.MODULE2PACKAGE['hirl_mm'] = 'hirl_mm.version'


class _Finder(MetaPathFinder):
    """Finds the module with the table, once, and no other module."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if name != _TABLE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    """Loads the module as its own loader does, then adds the entry."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # What reads the source of a module asks its loader for it.
        spec = module.__spec__
        assert spec is not None  # modules under import have one
        module.__loader__ = spec.loader = self.loader
        self.loader.exec_module(module)
        _add_to(module)

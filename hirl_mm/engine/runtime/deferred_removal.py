from collections.abc import Collection
from typing import Any

from mmengine.fileio import BaseStorageBackend


class DeferredRemoval:
    """File backend that removes only when it is told to.

    MMEngine's CheckpointHook removes an old checkpoint before it writes the
    new one. With this backend in its place it removes nothing meanwhile.

    Args:
        backend: Backend that does everything else.
    """

    def __init__(self, backend: BaseStorageBackend) -> None:
        self._backend = backend
        self._paths: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def remove(self, path: str) -> None:
        self._paths.append(path)

    # DeepSpeed writes folders.
    rmtree = remove

    def finish(self, kept: Collection[str | None]) -> None:
        """Remove what was asked for.

        Args:
            kept: Paths that stay, because they were written meanwhile.
        """
        for path in self._paths:
            if path not in kept:
                remove(self._backend, path)


def remove(backend: BaseStorageBackend, path: str) -> None:
    """Remove a checkpoint, a file or a folder, if it is there.

    Args:
        backend: Backend of its folder.
        path: Path of the checkpoint.
    """
    if backend.isfile(path):
        backend.remove(path)
    elif backend.isdir(path):
        backend.rmtree(path)

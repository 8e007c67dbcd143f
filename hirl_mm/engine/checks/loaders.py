from mmengine.config import Config

from .errors import StartError

# Options that PyTorch refuses without worker processes, with what is off.
_NEED_WORKERS = dict(persistent_workers=False, prefetch_factor=None)


def check_loaders(cfg: Config) -> None:
    """Check that PyTorch accepts the options of the data loaders of a config.

    Args:
        cfg: Config of a training or a test.

    Raises:
        StartError: If a loader without worker processes keeps them or
            prefetches batches, or a batch size is below 1.
    """
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = cfg.get(name)
        if isinstance(loader, dict):
            _check_workers(name, loader)
            _check_batch_size(name, loader)


def _check_workers(name: str, loader: dict) -> None:
    if loader.get('num_workers', 0):
        return
    for option, off in _NEED_WORKERS.items():
        value = loader.get(option)
        if value:
            raise StartError(
                f'{name}.{option}={value} needs worker processes, but '
                f'{name}.num_workers is 0: set {name}.{option}={off}, or use '
                'workers'
            )


def _check_batch_size(name: str, loader: dict) -> None:
    size = loader.get('batch_size', 1)
    if not isinstance(size, int) or size < 1:
        raise StartError(
            f'{name}.batch_size must be a whole number of at least 1, got '
            f'{size!r}'
        )

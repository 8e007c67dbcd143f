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
            prefetches batches, or a batch size is below 1, or a number of
            workers below 0.
    """
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = cfg.get(name)
        if isinstance(loader, dict):
            _check_number(name, loader, 'batch_size', 1)
            _check_number(name, loader, 'num_workers', 0)
            _check_workers(name, loader)


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


def _check_number(name: str, loader: dict, option: str, least: int) -> None:
    value = loader.get(option, least)
    if not isinstance(value, int) or value < least:
        raise StartError(
            f'{name}.{option} must be a whole number of at least {least}, got '
            f'{value!r}'
        )

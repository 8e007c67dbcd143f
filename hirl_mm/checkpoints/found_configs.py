"""Configs that are found in the folder of a run or in a checkpoint.

A config that a user names is a program of his: MMEngine runs it. One that
lies in a folder or a file which somebody else may have made is read here
without running anything of it.
"""

from typing import Any

from mmengine.config import Config

from .config_values import config_values
from .found_types import check_found_types
from .reader import UntrustedCheckpointError

# By these a config would trust files, or code from the network, itself.
_TRUST = 'trust', 'trust_checkpoint', 'trust_remote_code'


def found_config(text: str, source: str, trust: bool = False) -> Config:
    """Return a config that was found, not given.

    It must consist of values, as MMEngine saves them, and each ``type`` in
    it must be registered by OpenMMLab's packages or this one, see
    :func:`~.found_types.check_found_types`. Modules of these packages that
    ``custom_imports`` names are imported. Its own words of trust do not
    count.

    Args:
        text: Text of the config.
        source: Where it was found, for errors.
        trust: Whether to read it as MMEngine reads a config: as code.

    Raises:
        UntrustedCheckpointError: If it holds anything else, and ``trust`` is
            False.
    """
    if trust:
        cfg = Config.fromstring(text, '.py')
        return Config(cfg.to_dict(), cfg_text=text, filename=source)
    try:
        values = _without_trust(config_values(text))
        check_found_types(values)
        return Config(values, cfg_text=text, filename=source)
    except (ValueError, KeyError, RecursionError) as error:
        raise UntrustedCheckpointError(
            f'the config {source} is not read: {error.args[0]}. A config can '
            'run any code. If it is from a source you trust, give '
            '--trust-checkpoint (in Python trust=True)'
        ) from error


def _without_trust(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_trust(item)
            for key, item in value.items()
            if key not in _TRUST
        }
    if isinstance(value, list | tuple):
        return type(value)(map(_without_trust, value))
    return value

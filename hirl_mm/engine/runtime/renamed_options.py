"""Options that were renamed, and that older configs have by the old name."""

import functools
import logging
from collections.abc import Callable
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log


def rename_options(cfg: Config, new_names: dict[str, str], owner: str) -> None:
    """Give options of a config their new names; warn once if there are any.

    An option that is there by both names was inherited by the new one and
    changed by the old one. The change is merged as MMEngine merges a config
    into the one that it inherits.

    Args:
        cfg: A config, changed in place.
        new_names: New names of options by their old ones.
        owner: What the options belong to, for the warning: the file of the
            config or the name of a class.
    """
    found = [old for old in new_names if old in cfg]
    for old in found:
        cfg.merge_from_dict({new_names[old]: cfg.pop(old)})
    if found:
        changes = ', '.join(f'{old} is now {new_names[old]}' for old in found)
        print_log(
            f'{owner}: {changes}. Old names still work; write the new ones',
            logger='current',
            level=logging.WARNING,
        )


def renamed_arguments(**new_names: str) -> Callable[[Callable], Callable]:
    """Return a decorator that lets ``__init__`` take old names of arguments.

    Args:
        **new_names: New names of arguments by their old ones.
    """

    def decorate(init: Callable) -> Callable:
        @functools.wraps(init)
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
            options = Config(kwargs)
            rename_options(options, new_names, type(self).__name__)
            init(self, *args, **dict(options.items()))

        return wrapper

    return decorate

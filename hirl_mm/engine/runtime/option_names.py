"""Misspelt names in options and configs, and what was probably meant."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.runner.loops import EpochBasedTrainLoop, IterBasedTrainLoop
from torch.utils.data import DataLoader

from .config_file import ConfigError
from .config_parts import parts_of
from .named_classes import arguments_of, class_of, parameters

# Keys of a config that MMEngine's Runner and this package read.
_OWN = (
    *('views', 'trust_checkpoint', 'find_unused_parameters', 'protocol'),
    *('model_wrapper_cfg', 'knn_gallery', 'knn_queries'),
)
# Share of equal characters from which an unknown name is a misspelt one. A
# config may define names of its own, a command line has less reason to.
_NEAR_IN_CONFIG, _NEAR_IN_OPTION = 0.85, 0.75
# What MMEngine itself takes from an entry before it builds the class.
_OF_ENTRIES = 'type', '_scope_', '_delete_', 'priority'
_OF_GROUPS = dict(
    optim_wrapper=('constructor', 'paramwise_cfg'),
    param_scheduler=('convert_to_iter_based',),
    train_cfg=('by_epoch',),
)


def check_option_names(cfg: Config, options: Mapping[str, object]) -> None:
    """Check that every option names a key that a config has or can have.

    MMEngine adds a key that is not there, and most readers of a config never
    look at it. An option may add an argument that a class takes, and a new
    key that resembles no other; a misspelt one is refused.

    Args:
        cfg: The config, before it is overridden.
        options: Values by dotted names.

    Raises:
        ConfigError: If a name is misspelt, or leads into a value. The text
            has the nearest name.
    """
    for option in options:
        _check(cfg, option, options)


def check_config_names(cfg: Config) -> None:
    """Check the names on the top level of a config file.

    Args:
        cfg: A config as it was read.

    Raises:
        ConfigError: If one resembles a key of MMEngine's Runner, which would
            not see it.
    """
    for name in cfg:
        known = [key for key in _runner_keys() if not name.startswith(key)]
        near = _nearest(name, known, _NEAR_IN_CONFIG)
        if near and name not in _runner_keys():
            raise ConfigError(
                f'{cfg.filename}: nothing reads {name}. Did you mean {near}?'
            )


def _check(cfg: Config, option: str, options: Mapping[str, object]) -> None:
    names, part = option.split('.'), dict(cfg.items())
    for i, name in enumerate(names):
        where = '.'.join(names[:i])
        if {where, f'{where}.type'} & (options.keys() - {option}):
            return  # Another option gives the group itself.
        if isinstance(part, Sequence) and not isinstance(part, str):
            if not (name.isdigit() and int(name) < len(part)):
                raise ConfigError(
                    f'{option}: {where} is a list of {len(part)}, counted '
                    f'from 0, and has no {name}'
                )
            part = part[int(name)]
        elif not isinstance(part, Mapping):
            raise ConfigError(
                f'{option}: {where} is {part!r} and has nothing inside. Give '
                f'a value for {where} itself'
            )
        elif name in part:
            part = part[name]
        else:
            _check_new(cfg, option, names, i, part)
            return
    if len(names) == 1 and option not in (*_runner_keys(), *_OWN):
        _check_variable(cfg, option)


def _check_variable(cfg: Config, name: str) -> None:
    """Refuse a variable of a config file that was copied elsewhere.

    When options override a config, its file has been read: parts that the
    file made of the variable keep the old value.
    """
    places = [
        place
        for key, part in cfg.items()
        if key in _runner_keys()
        for place in _places(part, name, key)
    ]
    if places:
        raise ConfigError(
            f'{name}: it is a variable of the config file, which has been '
            f'read. Give {" and ".join(places)} instead'
        )


def _check_new(
    cfg: Config, option: str, names: list[str], i: int, part: Mapping
) -> None:
    """Check a name that a part of the config does not have yet."""
    name, where = names[i], '.'.join(names[:i])
    known, is_all = _known(cfg, names[:i], part)
    if name in known:
        return
    near = _nearest(name, known, _NEAR_IN_OPTION)
    meant = '.'.join([*names[:i], near, *names[i + 1 :]]) if near else ''
    places = [] if i or near else list(_places(part, name))
    if near:
        hint = f'Did you mean {meant}?'
    elif places:
        hint = f'Did you mean {" or ".join(places[:3])}?'
    elif is_all:
        taken = set(known) - {'self', *_OF_ENTRIES}
        hint = f'It takes {", ".join(sorted(taken))}'
    else:
        return
    of_type = part.get('type')
    what = where or 'the config'
    what += f' ({getattr(of_type, "__name__", of_type)})' if of_type else ''
    raise ConfigError(f'{option}: {what} has no {name}. {hint}')


def _known(
    cfg: Config, path: list[str], part: Mapping
) -> tuple[list[str], bool]:
    """Names that fit into a part of a config, and whether these are all."""
    if not path:
        return [*part, *_runner_keys(), *_OWN], False
    extra = [*part, *_OF_ENTRIES, *_OF_GROUPS.get(path[0], ())]
    if 'type' in part:
        kind = class_of(cfg, path, part['type'])
        if kind is None:
            return extra, False
        names, is_all = arguments_of(kind)
        return [*extra, *names], is_all
    if len(path) == 1 and path[0].endswith('_dataloader'):
        return [*extra, *parameters(DataLoader), 'num_batch_per_epoch'], True
    if path == ['train_cfg']:
        loops = EpochBasedTrainLoop, IterBasedTrainLoop
        return [*extra, *(n for loop in loops for n in parameters(loop))], True
    if path == ['randomness']:
        return [*extra, *parameters(Runner.set_randomness)], True
    return extra, False


def _runner_keys() -> list[str]:
    return [key for key in parameters(Runner) if key != 'cfg']


def _nearest(name: str, known: Collection[str], least: float) -> str | None:
    """Return the known name that was probably meant, if there is one."""
    without_digits = re.sub(r'\d', '', name)
    known = [k for k in known if re.sub(r'\d', '', k) != without_digits]
    found = difflib.get_close_matches(name, known, 1, least)
    return found[0] if found else None


def _places(part: object, name: str, path: str = '') -> Iterator[str]:
    """Dotted names of a config that end in a name."""
    return (place for place, key, _ in parts_of(part, path) if key == name)

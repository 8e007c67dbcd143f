"""The option ``--cfg-options``."""

import argparse
import ast
import os

# Last words of the keys of a config that name files or folders, such as
# data_root and load_from.
_PATH_WORDS = (
    *('root', 'dir', 'file', 'path', 'prefix', 'folder'),
    *('checkpoint', 'from'),
)
# Keys that end with one of these words, but do not name a file.
_NOT_PATHS = ('drop_path',)
_BRACKETS = {'(': ')', '[': ']', '{': '}'}


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--cfg-options``, a dictionary of values by keys.

    It is MMEngine's option of this name, but keeps paths as they are, see
    :func:`option_value`.

    Args:
        parser: Parser of the command line of a tool.

    Raises:
        ImportError: If MMEngine is not installed.
    """
    # Imports quickly, unlike most of MMEngine.
    from mmengine.config import DictAction

    class ConfigOptions(DictAction):
        def __call__(
            self,
            parser: argparse.ArgumentParser,
            namespace: argparse.Namespace,
            values: list[str],
            option_string: str | None = None,
        ) -> None:
            options = dict(getattr(namespace, self.dest) or {})
            for word in values:
                key, equals, text = word.partition('=')
                if not equals or not key:
                    parser.error(
                        '--cfg-options takes words of the form KEY=VALUE, '
                        f'without spaces around =, got {word!r}'
                    )
                options[key] = option_value(key, text)
            setattr(namespace, self.dest, options)

    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptions,
        metavar='KEY=VALUE',
        help='override config values, such as train_cfg.max_epochs=100 '
        'train_dataloader.batch_size=64. Lists are key=[a,b] or key=a,b. '
        'Values are kept as they are, with commas and brackets, if the key '
        'names a file or folder (data_root, ann_file, checkpoint, ...) or if '
        'there is a file or folder of this name; quotes keep the commas of '
        'other values: key="\'a,b\'"',
    )


def option_value(key: str, text: str) -> object:
    """Return the value of an option ``KEY=VALUE`` of ``--cfg-options``.

    Quotes around the whole value are removed. Then the first rule that fits
    decides:

    1. Values such as ``{'a': 1}`` are dictionaries.
    2. If the key names a file or folder (``data_root``, ``ann_file``,
       ``checkpoint``, ...), the value is kept as it is, unless it is None.
    3. Values in brackets, and values with commas, are lists or tuples, unless
       there is a file or folder of this name. Commas do not make a list of a
       value that was in quotes, or if a part has a bracket inside.
    4. Other values are numbers, True, False or None if they look like it,
       and text otherwise.

    Args:
        key: Key in the config, with dots.
        text: Value as it stands on the command line.

    Example:
        >>> option_value('k', '[10,20]'), option_value('k', '10,20')
        ([10, 20], [10, 20])
        >>> option_value('train_dataloader.dataset.data_root', 'a,b/[1]')
        'a,b/[1]'
        >>> option_value('title', "'plain, then HIRL'")
        'plain, then HIRL'
    """
    unquoted = _unquoted(text)
    dictionary = _dictionary(unquoted)
    if dictionary is not None:
        return dictionary
    if _names_path(key):
        return None if unquoted == 'None' else unquoted
    sequence = _sequence(unquoted)
    if sequence is None and ',' in unquoted and unquoted == text:
        sequence = _unbracketed(unquoted)
    if sequence is not None:
        return unquoted if os.path.exists(unquoted) else sequence
    return _scalar(unquoted)


def _names_path(key: str) -> bool:
    """Whether a key names a file or folder, such as ``data_prefix.img``."""
    names = key.split('.')
    if names[-1] in _NOT_PATHS:
        return False
    words = [name.rpartition('_')[2] for name in names]
    return words[-1] in _PATH_WORDS or words[-2:-1] == ['prefix']


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in '\'"'
    return text[1:-1] if quoted else text


def _scalar(text: str) -> object:
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    if text.lower() in ('true', 'false'):
        return text.lower() == 'true'
    return None if text == 'None' else text


def _dictionary(text: str) -> dict | None:
    if not text.startswith('{'):
        return None
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _sequence(text: str) -> list | tuple | None:
    """Return the list or tuple that a text in brackets stands for."""
    if text[:1] + text[-1:] not in ('[]', '()'):
        return None
    parts = _split(text[1:-1])
    if parts is None:
        return None
    values = [_element(part) for part in parts]
    return tuple(values) if text[0] == '(' else values


def _unbracketed(text: str) -> list | None:
    """Return the list that a text with commas, but no brackets, stands for."""
    parts = _split(text)
    if parts is None or any(map(_has_inner_bracket, parts)):
        return None
    return [_element(part) for part in parts]


def _element(text: str) -> object:
    """Return the value of a part of a list; quotes make it a text."""
    unquoted = _unquoted(text)
    if unquoted != text:
        return unquoted
    for parse in (_dictionary, _sequence):
        value = parse(text)
        if value is not None:
            return value
    return _scalar(text)


def _split(text: str) -> list[str] | None:
    """Split a text at its commas outside of brackets and quotes.

    Returns:
        The parts, without spaces around them; None if brackets or quotes are
        not closed.
    """
    parts, quote = [''], ''
    closing: list[str] = []
    for char in text:
        begins = not parts[-1].strip()
        if quote:
            quote = '' if char == quote else quote
        elif char in '\'"' and (begins or closing):
            quote = char
        elif char in _BRACKETS:
            closing.append(_BRACKETS[char])
        elif char in _BRACKETS.values():
            if not closing or closing.pop() != char:
                return None
        elif char == ',' and not closing:
            parts.append('')
            continue
        parts[-1] += char
    if closing or quote:
        return None
    parts = [part.strip() for part in parts]
    return parts if parts[-1] else parts[:-1]


def _has_inner_bracket(part: str) -> bool:
    """Whether a part has brackets, but not around it."""
    if _BRACKETS.get(part[:1]) == part[-1:] != '':
        return False
    return any(char in part for char in '()[]{}')

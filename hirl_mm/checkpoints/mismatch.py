"""Error messages for checkpoints that do not fit a network."""

import re
from collections.abc import Iterable, Mapping

from .matching import MIN_MATCHED, Match

_MAX_NAMES = 5
_MAX_PREFIXES = 8

# Keys of transformers in timm and in released code, of Hugging Face, and of
# the HIRL release, which wraps its networks in ``algorithm``.
_OTHER_LAYOUT = re.compile(
    r'(^|\.)((res)?blocks\.\d|patch_embed\.proj\.|embeddings\.|embedder\.'
    r'|encoder\.(layer|stages)\.\d|encoder_layer_\d)|^(module\.)?algorithm\.'
)


def mismatch_message(
    source: str,
    network: str,
    prefix: str,
    found: Match,
    others: Mapping[str, Match],
    keys: Iterable[str],
) -> str:
    """Return the error message for a file that does not fit a network.

    Args:
        source: Name of the file.
        network: Name of the network to load the weights into.
        prefix: The prefix that was tried.
        found: Result of the comparison under this prefix.
        others: Results under other prefixes of the file, by prefix.
        keys: All keys of the file.
    """
    keys = list(keys)
    parts = [
        f'{source} holds {len(found.matched)} of the {found.total} weights '
        f'of the backbone ({network}) under prefix={prefix!r}; at least '
        f'{MIN_MATCHED} % are needed',
        *differences(found),
        f'the keys of the file begin with {_beginnings(keys)}',
        *(_other_prefix(*item) for item in others.items()),
    ]
    if any(_OTHER_LAYOUT.search(key) for key in keys):
        parts.append(
            'some keys are named as in another library: run '
            'tools/model_converters/import_checkpoint.py on the file first'
        )
    elif not any(other.fits for other in others.values()):
        parts.append('give the config of the network that the file belongs to')
    return '; '.join(parts)


def differences(found: Match) -> list[str]:
    """Describe the weights that are missing, misshapen or of extra blocks.

    Returns:
        One phrase for each kind of difference.
    """
    phrases = []
    if found.missing:
        phrases.append(f'missing weights: {first_names(found.missing)}')
    if found.wrong_shape:
        shapes = [
            f'{name} (expected {expected}, found {actual})'
            for name, (expected, actual) in found.wrong_shape.items()
        ]
        phrases.append(f'weights of another shape: {first_names(shapes)}')
    if found.deeper:
        names = first_names(found.deeper)
        phrases.append(f'weights of a deeper network: {names}')
    return phrases


def first_names(names: list[str]) -> str:
    """Join the first names, and say how many more there are."""
    rest = len(names) - _MAX_NAMES
    more = f' and {rest} more' if rest > 0 else ''
    return ', '.join(names[:_MAX_NAMES]) + more


def _other_prefix(prefix: str, found: Match) -> str:
    verb = 'would fit' if found.fits else 'would not fit either'
    return f'prefix={prefix!r} {verb} ({len(found.matched)} of {found.total})'


def _beginnings(keys: list[str]) -> str:
    first = sorted({key.split('.')[0] for key in keys})
    more = ', ...' if len(first) > _MAX_PREFIXES else ''
    return ', '.join(first[:_MAX_PREFIXES]) + more

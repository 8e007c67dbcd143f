"""What to tell a person whose checkpoint does not fit."""

import re
from collections.abc import Iterable, Mapping

from .matching import MIN_MATCHED, Match

_MOST_NAMES = 5
_MOST_PREFIXES = 8

# Names of the transformers of timm and of the released codes, of Hugging
# Face and of the HIRL release, which wraps its networks in ``algorithm``.
_OTHER_LAYOUT = re.compile(
    r'(^|\.)((res)?blocks\.\d|patch_embed\.proj\.|embeddings\.|embedder\.'
    r'|encoder\.(layer|stages)\.\d)|^(module\.)?algorithm\.'
)


def unfit(
    source: str,
    network: str,
    prefix: str,
    found: Match,
    others: Mapping[str, Match],
    keys: Iterable[str],
) -> str:
    """The message for weights of another network, or of none.

    Args:
        source: The file.
        network: Name of the network that wants the weights.
        prefix: The prefix that was tried.
        found: What there is under it.
        others: The same under other prefixes of the file.
        keys: All keys of the file.
    """
    keys = list(keys)
    parts = [
        f'{source} holds {len(found.matched)} of the {found.total} weights '
        f'of the backbone ({network}) under prefix={prefix!r}; at least '
        f'{MIN_MATCHED} % are needed',
        *differences(found),
        f'the keys of the file begin with {_beginnings(keys)}',
        *(_other(*item) for item in others.items()),
    ]
    if any(_OTHER_LAYOUT.search(key) for key in keys):
        parts.append(
            'some keys are those of another library: run '
            'tools/model_converters/import_checkpoint.py on the file first'
        )
    elif not any(other.fits for other in others.values()):
        parts.append('give the config of the network that the file is of')
    return '; '.join(parts)


def differences(found: Match) -> list[str]:
    """Phrases for what is missing, of another shape or too deep."""
    phrases = []
    if found.missing:
        phrases.append(f'missing are {listed(found.missing)}')
    if found.reshaped:
        shapes = [
            f'{name} (wanted {wanted}, found {there})'
            for name, (wanted, there) in found.reshaped.items()
        ]
        phrases.append(f'of another shape are {listed(shapes)}')
    if found.deeper:
        phrases.append(f'of a deeper network are {listed(found.deeper)}')
    return phrases


def listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    rest = len(names) - _MOST_NAMES
    more = f' and {rest} more' if rest > 0 else ''
    return ', '.join(names[:_MOST_NAMES]) + more


def _other(prefix: str, found: Match) -> str:
    verb = 'would fit' if found.fits else 'would not fit either'
    return f'prefix={prefix!r} {verb} ({len(found.matched)} of {found.total})'


def _beginnings(keys: list[str]) -> str:
    first = sorted({key.split('.')[0] for key in keys})
    more = ', ...' if len(first) > _MOST_PREFIXES else ''
    return ', '.join(first[:_MOST_PREFIXES]) + more

from dataclasses import dataclass

from torch import Tensor

_MAX_NAMED = 10


@dataclass(frozen=True)
class Names:
    """Names of a network's tensors in another library and in MMPreTrain.

    Attributes:
        mmpretrain: Name in the other library -> name in MMPreTrain.
        optional: Names in MMPreTrain of tensors that a file may omit.
    """

    mmpretrain: dict[str, str]
    optional: frozenset[str] = frozenset()

    def to_mmpretrain(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename all tensors from the other library's names to MMPreTrain's.

        Raises:
            ValueError: If a tensor has no counterpart, or one is missing.
        """
        needed = {
            other
            for other, name in self.mmpretrain.items()
            if name not in self.optional
        }
        return _rename(state, self.mmpretrain, needed)

    def from_mmpretrain(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename all tensors from MMPreTrain's names to the other library's.

        Raises:
            ValueError: If a tensor has no counterpart, or one is missing.
        """
        names = {name: other for other, name in self.mmpretrain.items()}
        return _rename(state, names, names.keys() - self.optional)


def _rename(
    state: dict[str, Tensor], names: dict[str, str], needed: set[str]
) -> dict[str, Tensor]:
    unknown = [key for key in state if key not in names]
    if unknown:
        raise ValueError(
            f'{len(unknown)} tensors of the backbone have no counterpart: '
            f'{_first(unknown)}. The network has a different architecture '
            'and is not converted, because without these tensors its '
            'features would change'
        )
    missing = sorted(needed - state.keys())
    if missing:
        raise ValueError(
            f'{len(missing)} tensors of the backbone are missing: '
            f'{_first(missing)}. '
            'The file is cut short, or holds a different network'
        )
    return {names[key]: value for key, value in state.items()}


def _first(keys: list[str]) -> str:
    more = ' ...' if keys[_MAX_NAMED:] else ''
    return ', '.join(keys[:_MAX_NAMED]) + more


def count_of(state: dict[str, Tensor], folder: str) -> int:
    """Return the number of modules ``folder.0``, ``folder.1``, ...

    The result is at least 1: if there are none, the tensors of ``folder.0``
    are then reported as missing.
    """
    prefix = f'{folder}.'
    numbers = {
        int(number)
        for key in state
        if key.startswith(prefix)
        and (number := key[len(prefix) :].split('.')[0]).isdigit()
    }
    return max(numbers, default=0) + 1

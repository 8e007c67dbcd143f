from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Names:
    """The names that one network's tensors have elsewhere and in MMPreTrain.

    Attributes:
        ours: Name elsewhere -> name in MMPreTrain.
        optional: Names in MMPreTrain of what a file may lack.
    """

    ours: dict[str, str]
    optional: frozenset[str] = frozenset()

    def to_ours(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename all tensors to MMPreTrain's names.

        Raises:
            ValueError: If a tensor has no name there, or one is missing.
        """
        needed = {k for k, v in self.ours.items() if v not in self.optional}
        return _renamed(state, self.ours, needed)

    def to_theirs(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename all tensors from MMPreTrain's names.

        Raises:
            ValueError: If a tensor has no name there, or one is missing.
        """
        theirs = {ours: theirs for theirs, ours in self.ours.items()}
        return _renamed(state, theirs, theirs.keys() - self.optional)


def _renamed(
    state: dict[str, Tensor], names: dict[str, str], needed: set[str]
) -> dict[str, Tensor]:
    unknown = [key for key in state if key not in names]
    if unknown:
        raise ValueError(
            f'{len(unknown)} tensors of the backbone have no counterpart: '
            f'{", ".join(unknown)}. It is another network than its other '
            'tensors say; nothing is converted, since without them its '
            'features would be others'
        )
    missing = sorted(needed - state.keys())
    if missing:
        raise ValueError(
            f'{len(missing)} tensors of the backbone are missing: '
            f'{", ".join(missing[:10])}{" ..." if missing[10:] else ""}. '
            'The file is cut short, or holds another network'
        )
    return {names[key]: value for key, value in state.items()}


def count_of(state: dict[str, Tensor], folder: str) -> int:
    """How many numbered modules ``folder.0``, ``folder.1``, ... there are.

    At least 1, so that a network without any is missed by name.
    """
    prefix = f'{folder}.'
    numbers = {
        int(number)
        for key in state
        if key.startswith(prefix)
        and (number := key[len(prefix) :].split('.')[0]).isdigit()
    }
    return max(numbers, default=0) + 1

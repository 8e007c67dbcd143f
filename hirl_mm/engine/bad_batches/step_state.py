"""What a training step changes before the optimizer steps."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from hirl_mm.features import FeatureBank


class StepState:
    """Copies of all that a forward pass changes, to undo a bad one.

    A forward pass moves averages, queues, centres and running statistics,
    some methods normalise their prototypes in place, and a bank of features
    gets new rows. :meth:`keep` copies them before a step, :meth:`restore`
    brings them back: weights, buffers, rows of the bank and PyTorch's random
    states are to the bit what they were. Counters that a module keeps beside
    its buffers are set as they are by a checkpoint.

    Buffers and parameters without a gradient, such as moving averages, are
    copied in every step; of the other parameters those that the first forward
    pass has changed.

    Args:
        model: The model, not wrapped for several processes.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._parameters = list(model.parameters())
        self._owners = [
            (module._buffers, name)
            for module in model.modules()
            for name in module._buffers
        ]
        self._first = True
        self._tensors: list[Tensor] = []
        self._copies: list[Tensor] = []

    @torch.no_grad()
    def keep(self) -> None:
        """Copy the state; call this before the forward pass."""
        self._buffers = [buffers[name] for buffers, name in self._owners]
        tensors = [*self._parameters, *_present(self._buffers)]
        if tensors and _same_places(tensors, self._tensors):
            torch._foreach_copy_(self._copies, tensors)
        else:
            self._tensors = tensors
            self._copies = [tensor.detach().clone() for tensor in tensors]
        bank = getattr(self._model, 'bank', None)
        self._bank = bank if isinstance(bank, FeatureBank) else None
        self._bank_rows = 0 if self._bank is None else len(self._bank)
        self.random = random_states()

    def after_forward(self) -> None:
        """Find out in the first step which parameters it changes."""
        if not self._first:
            return
        self._first = False
        self._parameters = [
            parameter
            for parameter, copy in zip(
                self._parameters, self._copies, strict=False
            )
            if not (parameter.requires_grad and torch.equal(parameter, copy))
        ]

    @torch.no_grad()
    def restore(self) -> None:
        """Bring back what :meth:`keep` has copied."""
        for (buffers, name), buffer in zip(
            self._owners, self._buffers, strict=True
        ):
            buffers[name] = buffer
        torch._foreach_copy_(self._tensors, self._copies)
        # Modules read counters from their buffers when they are loaded.
        self._model.load_state_dict(self._model.state_dict())
        if self._bank is not None:
            self._bank.truncate(self._bank_rows)
        set_random_states(self.random)


def random_states() -> dict[str, Tensor]:
    """Return PyTorch's random states, of the CPU and of the current GPU."""
    states = dict(cpu=torch.get_rng_state())
    if torch.cuda.is_initialized():
        states['cuda'] = torch.cuda.get_rng_state()
    return states


def set_random_states(states: Mapping[str, Tensor]) -> None:
    """Set what :func:`random_states` has returned."""
    torch.set_rng_state(states['cpu'])
    if 'cuda' in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states['cuda'])


def _present(tensors: list[Tensor | None]) -> Iterator[Tensor]:
    return (tensor for tensor in tensors if tensor is not None)


def _same_places(tensors: list[Tensor], before: list[Tensor]) -> bool:
    return len(tensors) == len(before) and all(
        one is other for one, other in zip(tensors, before, strict=True)
    )

"""How many batches were bad in a row, and the words for it."""

from collections.abc import Callable, Mapping

from hirl_mm.engine.checks.errors import StoppedError

from .step_gate import Outcome


class BadBatches:
    """Count bad batches in a row; too many stop the training.

    Args:
        action: ``'skip'``, or ``'stop'`` at the first bad batch.
        max_bad: Number of bad batches in a row that stops the training.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(self, action: str, max_bad: int) -> None:
        if action not in ('skip', 'stop'):
            raise ValueError(
                f"action must be 'skip' or 'stop', got {action!r}"
            )
        if max_bad < 1:
            raise ValueError(f'max_bad must be at least 1, got {max_bad}')
        self.action = action
        self.max_bad = max_bad
        self.num = 0

    def clear(self) -> None:
        """Reset the count after a good step."""
        self.num = 0

    def add(
        self,
        outcome: Outcome,
        where: str,
        losses: Mapping[str, float],
        advice: Callable[[], str],
    ) -> str:
        """Count one more bad batch, and return the warning to log.

        Args:
            outcome: What was found.
            where: Epoch and iteration.
            losses: Losses of this rank by name.
            advice: Returns from what to resume, and which batch to look at;
                called only if training stops, since it reads checkpoints.

        Raises:
            StoppedError: If training must not go on.
        """
        self.num += 1
        figures = ', '.join(f'{k} {v:.4g}' for k, v in losses.items())
        number = f'{self.num} of {self.max_bad} bad batches in a row'
        what = f'{where}: {outcome.value} ({figures}; {number})'
        lost = outcome is Outcome.BROKEN
        if self.action == 'skip' and self.num < self.max_bad and not lost:
            return f'{what}; this batch is skipped'
        clip = (
            'optim_wrapper.clip_grad.max_norm=1, with which such a step is '
            'skipped'
            if lost
            else 'optim_wrapper.clip_grad.max_norm=1'
        )
        raise StoppedError(
            f'{what}. Training stops here. {advice()} with a lower '
            f'optim_wrapper.optimizer.lr or with {clip}'
        )

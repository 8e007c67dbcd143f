from dataclasses import asdict, replace

from .feature_health import ADVICE, BROKEN, WORSE, FeatureHealth


class HealthWatch:
    """Compare the features of a training with those of its start.

    It finds changes, so that a fault that lasts for many epochs is told
    once, and counts how long features have been worse.

    Args:
        min_share: See :meth:`FeatureHealth.faults`.

    Attributes:
        first: Figures of the initial weights, with the tree use of the first
            tree and the first kNN accuracy; None before the first call.
        faults: Number of epochs after which every present fault was first
            found, and the last text about it, by kind.
        num_bad: Number of measurements in a row with a fault. One in which
            only the kNN accuracy is at fault, but is higher than in all
            others since the fault began, ends the row: the features recover.
            One without a kNN accuracy does not count if only that is at
            fault.
        last_good: Number of epochs after the last measurement without a
            fault.
    """

    def __init__(self, min_share: float) -> None:
        self.min_share = min_share
        self.first: FeatureHealth | None = None
        self.faults: dict[str, tuple[int, str]] = {}
        self.num_bad = 0
        self.last_good = 0
        self._best_knn = 0.0

    def add(
        self, epoch: int, now: FeatureHealth
    ) -> tuple[list[str], list[str]]:
        """Add a measurement.

        Args:
            epoch: Number of finished epochs.
            now: Figures of the features.

        Returns:
            Texts about new faults, with advice, and about those that have
            ended.
        """
        self.first = _completed(self.first, now)
        faults = {BROKEN: None} | now.faults(self.first, self.min_share)
        return self._changes(epoch, faults, now.knn)

    def add_broken(self, epoch: int, what: str) -> list[str]:
        """Add that features are NaN or infinite.

        Args:
            epoch: Number of finished epochs.
            what: Text about them.

        Returns:
            A text about this fault, with advice, if it is new.
        """
        return self._changes(epoch, {BROKEN: what}, None)[0]

    def present(self) -> list[str]:
        """Return a text per present fault, with advice."""
        return [
            f'since epoch {epoch}, {text}. {ADVICE[kind]}'
            for kind, (epoch, text) in self.faults.items()
        ]

    def _changes(
        self, epoch: int, found: dict[str, str | None], knn: float | None
    ) -> tuple[list[str], list[str]]:
        before = self.faults
        self.faults = {
            kind: (before[kind][0] if kind in before else epoch, text)
            for kind, text in found.items()
            if text
        } | {k: fault for k, fault in before.items() if k not in found}
        self._count(epoch, knn)
        new = [
            text
            for kind, text in zip(self.faults, self.present(), strict=True)
            if kind not in before
        ]
        ended = [
            f'{kind} (at fault since epoch {since})'
            for kind, (since, _) in before.items()
            if kind not in self.faults
        ]
        return new, ended

    def _count(self, epoch: int, knn: float | None) -> None:
        if not self.faults:
            self.num_bad, self.last_good, self._best_knn = 0, epoch, 0.0
            return
        worse_alone = set(self.faults) == {WORSE}
        if worse_alone and knn is None:
            return
        rises = knn is not None and knn > self._best_knn > 0
        self.num_bad = 0 if worse_alone and rises else self.num_bad + 1
        self._best_knn = max(self._best_knn, knn or 0.0)

    def state_dict(self) -> dict:
        """Return the state as plain types; see :meth:`load_state_dict`."""
        return dict(
            first=self.first and asdict(self.first),
            faults={k: list(fault) for k, fault in self.faults.items()},
            num_bad=self.num_bad,
            last_good=self.last_good,
            best_knn=self._best_knn,
        )

    def load_state_dict(self, state: dict) -> None:
        """Continue from a state of :meth:`state_dict`."""
        first = state['first']
        self.first = None if first is None else FeatureHealth(**first)
        self.faults = {k: tuple(f) for k, f in state['faults'].items()}
        self.num_bad = state['num_bad']
        self.last_good = state['last_good']
        self._best_knn = state['best_knn']


def _completed(
    first: FeatureHealth | None, now: FeatureHealth
) -> FeatureHealth:
    """Return the first figures, with those that are new."""
    if first is None:
        return now
    if first.knn is None:
        first = replace(first, knn=now.knn)
    if first.tree_use is None:
        first = replace(first, tree_use=now.tree_use)
    return first

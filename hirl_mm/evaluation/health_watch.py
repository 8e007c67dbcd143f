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
        since: Number of epochs after which every present fault was first
            found, by kind.
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
        self.since: dict[str, int] = {}
        self.num_bad = 0
        self.last_good = 0
        self._best_knn = 0.0

    def add(self, epoch: int, now: FeatureHealth) -> tuple[str, str]:
        """Add a measurement.

        Args:
            epoch: Number of finished epochs.
            now: Figures of the features.

        Returns:
            A text about new faults with advice, and one about those that
            have ended; empty if there are none.
        """
        self.first = _completed(self.first, now)
        faults = now.faults(self.first, self.min_share)
        faults.setdefault(BROKEN, None)
        return self._changes(epoch, faults, now.knn)

    def add_broken(self, epoch: int, what: str) -> str:
        """Add that features are NaN or infinite.

        Args:
            epoch: Number of finished epochs.
            what: Text about them.

        Returns:
            A text about this fault with advice; empty if it is not new.
        """
        return self._changes(epoch, {BROKEN: what}, None)[0]

    def _changes(
        self, epoch: int, faults: dict[str, str | None], knn: float | None
    ) -> tuple[str, str]:
        new, ended = [], []
        for kind, text in faults.items():
            if text and kind not in self.since:
                self.since[kind] = epoch
                new.append(f'since epoch {epoch}: {text}. {ADVICE[kind]}')
            elif not text and kind in self.since:
                began = self.since.pop(kind)
                ended.append(f'{kind} (at fault since epoch {began})')
        self._count(epoch, knn)
        return '; '.join(new), ', '.join(ended)

    def _count(self, epoch: int, knn: float | None) -> None:
        if not self.since:
            self.num_bad, self.last_good, self._best_knn = 0, epoch, 0.0
            return
        worse_alone = set(self.since) == {WORSE}
        if worse_alone and knn is None:
            return
        rises = knn is not None and knn > self._best_knn > 0
        self.num_bad = 0 if worse_alone and rises else self.num_bad + 1
        self._best_knn = max(self._best_knn, knn or 0.0)

    def state_dict(self) -> dict:
        """Return the state as plain types; see :meth:`load_state_dict`."""
        return dict(
            first=self.first and asdict(self.first),
            since=dict(self.since),
            num_bad=self.num_bad,
            last_good=self.last_good,
            best_knn=self._best_knn,
        )

    def load_state_dict(self, state: dict) -> None:
        """Continue from a state of :meth:`state_dict`."""
        first = state['first']
        self.first = None if first is None else FeatureHealth(**first)
        self.since = dict(state['since'])
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

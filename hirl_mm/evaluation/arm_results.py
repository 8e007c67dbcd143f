"""Results of one pre-trained network, and a table of several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hirl_mm.tables import aligned_table

from .paper_results import paper_figures

# Counts levels of a taxonomy; everything else is in percent.
TREE_DISTANCE = 'tree distance'


@dataclass
class ArmResults:
    """Figures of one pre-trained network under several protocols.

    Args:
        name: What a reader calls the network, such as ``'HIRL-MoCo v2'``.
        recipe: Name of its pre-training config, by which the paper's figures
            are found.
        figures: Percent by protocol and figure, such as
            ``{'kNN': {'k=10': 95.3}}``.
        facts: About the measurement, such as its seed, by protocol.
        source: What the features depend on besides the data.
    """

    name: str
    recipe: str
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    facts: dict[str, dict] = field(default_factory=dict)
    source: dict[str, str] = field(default_factory=dict)

    def add(
        self, protocol: str, figures: Mapping[str, float], **facts
    ) -> None:
        """Add the results of a protocol.

        Args:
            protocol: Name of the protocol, such as ``'kNN'``.
            figures: Percent by name of the figure.
            **facts: About the measurement, such as its seed.

        Raises:
            ValueError: If it was added before.
        """
        if protocol in self.figures:
            raise ValueError(
                f'{self.name} has results of {protocol!r} twice, from '
                f'{self.facts[protocol].get("source")} and from '
                f'{facts.get("source")}; name one of them'
            )
        self.figures[protocol] = dict(figures)
        self.facts[protocol] = facts

    def rows(self) -> dict[tuple[str, str], float]:
        """Return the percent by protocol and figure."""
        return {
            (protocol, figure): value
            for protocol, figures in self.figures.items()
            for figure, value in figures.items()
        }

    def paper(self) -> dict[tuple[str, str], float]:
        """Return the paper's percent, see :func:`paper_figures`."""
        return paper_figures(self.recipe)


def results_table(arms: Sequence[ArmResults]) -> str:
    """Return a Markdown table: a row per figure, a column per network.

    Beside a network stand the paper's figure and the difference, where the
    paper has one for its recipe; behind two networks without, the second
    less the first.
    """
    keys = list(dict.fromkeys(key for arm in arms for key in arm.rows()))
    with_paper = [bool(arm.paper()) for arm in arms]
    compared = len(arms) == 2 and not any(with_paper)
    header = ['protocol', 'figure']
    for arm, known in zip(arms, with_paper, strict=True):
        header += [arm.name, 'paper', 'difference'] if known else [arm.name]
    if compared:
        header.append('difference')
    lines = []
    for key in keys:
        values = [arm.rows().get(key) for arm in arms]
        cells = list(key)
        for arm, value, known in zip(arms, values, with_paper, strict=True):
            reported = arm.paper().get(key)
            cells.append(_cell(value))
            if known:
                cells += [_cell(reported, 2), _cell(value, 1, reported)]
        if compared:
            cells.append(_cell(values[1], 1, values[0]))
        lines.append(cells)
    return aligned_table(header, lines, left=2)


def _cell(value: float | None, digits: int = 1, base: float | None = 0) -> str:
    """A figure, or its difference to another base than 0."""
    if value is None or base is None:
        return '-'
    sign = '' if base == 0 else '+'
    return f'{value - base:{sign}.{digits}f}'

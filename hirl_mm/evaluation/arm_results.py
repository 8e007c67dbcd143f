"""Results of a pre-trained network, and tables that compare several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hirl_mm.tables import aligned_table, cell

from .paper_results import paper_figures, paper_sources

# The only results that are not in percent: they count levels of a taxonomy.
# Those of a stage begin with it, too.
TREE_DISTANCE = 'tree distance'
# The entry of a protocol's facts that says why figures are missing.
LEFT_OUT = 'left_out'


def at_stage(protocol: str, stage: int | None) -> str:
    """Return the name of a protocol for features of a stage of the backbone.

    Args:
        protocol: Name of the protocol, such as ``'kNN'``.
        stage: Number of the stage; None for the output of the backbone.

    Example:
        >>> at_stage('kNN', 2), at_stage('kNN', None)
        ('kNN at stage 2', 'kNN')
    """
    return protocol if stage is None else f'{protocol} at stage {stage}'


@dataclass
class ArmResults:
    """Results of one pre-trained network under several protocols.

    Args:
        name: Name of the network in tables, such as ``'HIRL-MoCo v2'``.
        recipe: Name of the pre-training config, used to look up the results
            of papers.
        figures: Results in percent by protocol and figure, such as
            ``{'kNN': {'k=10': 95.3}}``.
        facts: Details of every measurement, such as its seed, by protocol.
        source: Everything but the data that the features depend on, such as
            the hash of the checkpoint.
    """

    name: str
    recipe: str
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    facts: dict[str, dict] = field(default_factory=dict)
    source: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        protocol: str,
        figures: Mapping[str, float],
        left_out: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> None:
        """Add the results of a protocol.

        Args:
            protocol: Name of the protocol, such as ``'kNN'``.
            figures: Results in percent by name of the figure.
            left_out: Why there is no result, by name of the figure, for
                figures that the data do not allow; None for no such figure.
            **facts: Details of the measurement, such as its seed.

        Raises:
            ValueError: If the protocol was added before.
        """
        if protocol in self.figures:
            raise ValueError(
                f'{self.name} has results of {protocol!r} twice, from '
                f'{self.facts[protocol].get("source")} and from '
                f'{facts.get("source")}; name one of them'
            )
        self.figures[protocol] = dict(figures)
        self.facts[protocol] = facts
        if left_out:
            facts[LEFT_OUT] = dict(left_out)

    def rows(self) -> dict[tuple[str, str], float]:
        """Return the results in percent by protocol and figure."""
        return {
            (protocol, figure): value
            for protocol, figures in self.figures.items()
            for figure, value in figures.items()
        }

    def left_out(self) -> dict[tuple[str, str], str]:
        """Return why results are missing, by protocol and figure."""
        return {
            (protocol, figure): reason
            for protocol, facts in self.facts.items()
            for figure, reason in facts.get(LEFT_OUT, {}).items()
        }

    def paper(self) -> dict[tuple[str, str], float]:
        """Return the results of papers, see :func:`paper_figures`."""
        return paper_figures(self.recipe)


def results_table(arms: Sequence[ArmResults]) -> str:
    """Return :func:`results_cells` as a Markdown table.

    Args:
        arms: Results of the networks to compare.
    """
    return aligned_table(*results_cells(arms), left=2)


def results_cells(
    arms: Sequence[ArmResults],
) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of a table: a row per figure.

    There is a column per network. If papers have results for the recipe of a
    network, two more columns show them and the difference to them; see
    :func:`paper_note` for their sources. If there are two networks and papers
    have results for neither, a last column shows the second minus the first.

    Figures that were left out have rows without values; see
    :func:`left_out_note` for the reasons.

    Args:
        arms: Results of the networks to compare.

    Returns:
        Names of the columns, and cells as text; the first two columns are the
        protocol and the figure.
    """
    rows = {key: None for arm in arms for key in arm.rows()}
    missing = {key: None for arm in arms for key in arm.left_out()}
    protocols = list(dict.fromkeys(key[0] for key in rows | missing))
    # A missing figure follows those of its protocol.
    keys = sorted(rows | missing, key=lambda key: protocols.index(key[0]))
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
    return header, lines


def left_out_note(arms: Sequence[ArmResults]) -> str:
    """Return a Markdown list of what was left out and why, '' for nothing.

    Args:
        arms: Results of the networks to compare.
    """
    lines = [
        f'- {cell(f"{arm.name}, {protocol}, {figure}: {reason}")}\n'
        for arm in arms
        for (protocol, figure), reason in arm.left_out().items()
    ]
    return ''.join(['\nLeft out:\n\n', *lines]) if lines else ''


def paper_note(arms: Sequence[ArmResults]) -> str:
    """Return a Markdown list of the sources of what papers report.

    Args:
        arms: Results of the networks to compare.

    Returns:
        A line per paper and table, with the figures of
        :func:`results_table` that are from there; '' if there are none.
    """
    shown: dict[str, dict[str, None]] = {}
    for arm in arms:
        for key, source in paper_sources(arm.recipe).items():
            if key in arm.rows():
                shown.setdefault(source, {})[' '.join(key)] = None
    lines = [f'- {source}: {", ".join(shown[source])}\n' for source in shown]
    head = '\nReported by papers, not measured here:\n\n'
    return ''.join([head, *lines]) if lines else ''


def _cell(value: float | None, digits: int = 1, base: float | None = 0) -> str:
    """Format a value or, with a ``base`` other than 0, the difference."""
    if value is None or base is None:
        return '-'
    sign = '' if base == 0 else '+'
    return f'{value - base:{sign}.{digits}f}'

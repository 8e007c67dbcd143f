"""Charts of what several runs have logged."""

from collections.abc import Mapping, Sequence
from typing import Any

from hirl_mm.pages.run_report import Chart, Curve

from .run_record import RunRecord


def x_label(records: Sequence[RunRecord]) -> str:
    """Return the unit of the positions of runs.

    Args:
        records: At least one run.
    """
    return ' or '.join(sorted({record.unit for record in records}))


def names_in(records: Sequence[RunRecord]) -> list[str]:
    """Return the names of all metrics that a run has logged, each once.

    Args:
        records: The runs.
    """
    return list(dict.fromkeys(n for record in records for n in record.curves))


def metric_chart(
    records: Sequence[RunRecord],
    metric: str,
    title: str,
    scale: float = 1.0,
    **options: Any,
) -> list[Chart]:
    """Return a chart of one metric with a curve per run.

    Args:
        records: The runs.
        metric: Name of the metric in their logs.
        title: Title of the chart.
        scale: What a logged value is multiplied by.
        **options: Further arguments of :class:`Chart`.

    Returns:
        One chart; none if no run has logged the metric.
    """
    curves = [
        Curve(
            record.name if len(records) > 1 else '',
            _scaled(record.curves[metric], scale),
            style,
        )
        for style, record in enumerate(records)
        if record.curves.get(metric)
    ]
    if not curves:
        return []
    return [Chart(title, curves, x_label(records), **options)]


def level_charts(
    records: Sequence[RunRecord],
    metrics: Sequence[str],
    title: str,
    scale: float = 1.0,
    apart: bool = False,
    **options: Any,
) -> list[Chart]:
    """Return charts of one figure of every level of the tree.

    Args:
        records: The runs.
        metrics: Name of the figure in the logs, per level from fine to
            coarse.
        title: Title of the chart.
        scale: What a logged value is multiplied by.
        apart: Whether the levels cannot share an axis.
        **options: Further arguments of :class:`Chart`.

    Returns:
        One chart with a curve per level if a single run has the figure; a
        chart per level with a curve per run if several have, and if levels
        are apart.
    """
    having = [r for r in records if any(m in r.curves for m in metrics)]
    if apart or len(having) != 1:
        return [
            chart
            for level, metric in enumerate(metrics)
            for chart in metric_chart(
                records, metric, f'{title}, level {level}', scale, **options
            )
        ]
    (record,) = having
    found = record.curves
    title = f'{record.name}: {title}' if len(records) > 1 else title
    curves = [
        Curve(f'level {level}', _scaled(found[metric], scale), level)
        for level, metric in enumerate(metrics)
        if found.get(metric)
    ]
    return [Chart(title, curves, x_label(records), **options)]


def _scaled(points: Mapping[float, float], scale: float) -> dict[float, float]:
    return {x: y * scale for x, y in points.items()}

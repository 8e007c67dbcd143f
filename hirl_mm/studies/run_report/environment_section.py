"""On what machine runs trained, with which versions, and when."""

from collections.abc import Sequence

from hirl_mm.pages.run_report import Note, Part, Section, Table

from .run_record import RunRecord


def environment_section(records: Sequence[RunRecord]) -> Section:
    """Return the section of starts, versions, devices and seeds.

    Args:
        records: The runs.
    """
    rows = [
        [
            record.name,
            start.name,
            f'{start.began or "-"}',
            f'{start.ended or "-"}',
            f'{start.duration}' if start.began else '-',
        ]
        for record in records
        for start in record.starts
    ]
    parts: list[Part] = []
    if rows:
        times = 'first line', 'last line', 'between them'
        head = ['run', 'start', *times]
        parts.append(Table('Starts, by their logs', head, rows, left=4))
    # Of a resumed run, the last start that says anything.
    facts = {
        record.name: next(
            (start.facts for start in reversed(record.starts) if start.facts),
            {},
        )
        for record in records
    }
    names = list(dict.fromkeys(n for found in facts.values() for n in found))
    if names:
        cells = [
            [name, *(found.get(name, '-') for found in facts.values())]
            for name in names
        ]
        head = ['', *facts]
        table = Table('Environment', head, cells, left=len(head))
        parts.append(table)
    missing = [name for name, found in facts.items() if not found]
    if missing:
        parts.append(
            Note(
                f'The log of {", ".join(missing)} names no environment: it '
                'is gone, or the run had log_level above INFO.',
                'missing',
            )
        )
    parts += _warnings(records)
    return Section('Environment', parts)


def _warnings(records: Sequence[RunRecord]) -> list[Part]:
    rows = [
        [record.name, start.name, text, f'{times}']
        for record in records
        for start in record.starts
        for text, times in start.warnings.items()
    ]
    if not rows:
        return []
    head = 'run', 'start', 'first line of the warning', 'times'
    return [Table('Warnings and errors in the logs', head, rows, left=3)]

"""Write the report of a study."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any, TypedDict

from hirl_mm.files import replacing
from hirl_mm.tables import cell
from hirl_mm.version import __version__


class MachineFacts(TypedDict):
    """When, with which versions and on what machine something is measured."""

    date: str
    hirl_mm: str
    torch: str
    machine: str


def report_facts(**facts: Any) -> dict[str, object]:
    """Return facts about a measurement, with date, versions and machine.

    Args:
        **facts: Further facts, such as the seed; they come first.
    """
    return {**facts, **machine_facts()}


def machine_facts() -> MachineFacts:
    """Return what :func:`report_facts` says of every measurement."""
    # Imported here, because reading logs does not need PyTorch.
    import torch

    return MachineFacts(
        date=date.today().isoformat(),
        hirl_mm=__version__,
        torch=torch.__version__,
        machine=f'{platform.machine()}, {os.cpu_count()} CPU cores',
    )


def write_report(
    file: str | os.PathLike,
    *,
    table: str,
    note: str,
    facts: Mapping[str, object],
    content: object,
    draw: Callable[[Path], None] | None = None,
    picture: str = '.png',
) -> None:
    """Write a report as Markdown, JSON and a picture, all of them or none.

    Args:
        file: Markdown file to write. The JSON file and the picture are
            written beside it, with their own suffixes.
        table: Table in Markdown, with a line break at its end.
        note: Text below the table, such as the unit of its values; may be
            empty.
        facts: Facts about the measurement, see :func:`report_facts`, listed
            below the note. They are not added to ``content``.
        content: Content of the JSON file.
        draw: Function that draws the picture into the file whose path it is
            given; None for no picture.
        picture: Suffix of the picture; it chooses the format.
    """
    lines = [f'- {name}: {cell(str(value))}' for name, value in facts.items()]
    text = '\n'.join([table, *([note] if note else []), *lines])
    file = Path(file)
    with ExitStack() as stack:
        markdown, values = (
            stack.enter_context(replacing(file.with_suffix(suffix)))
            for suffix in ('.md', '.json')
        )
        markdown.write_text(text + '\n')
        values.write_text(json.dumps(content, indent=2) + '\n')
        if draw is not None:
            path = file.with_suffix(picture)
            draw(stack.enter_context(replacing(path)))

"""Writing the report of a study."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from hirl_mm.files import replacing
from hirl_mm.version import __version__


def report_facts(**facts) -> dict[str, object]:
    """Return facts about a measurement, with date, versions and machine.

    Args:
        **facts: Further facts, such as the seed; they come first.
    """
    # Imported late: reading logs does not wait for PyTorch.
    import torch

    return facts | dict(
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
    """Write a report: Markdown, JSON and a picture, all of them or none.

    Args:
        file: Markdown file to write; the others stand beside it, with the
            suffix ``.json`` and that of the picture.
        table: Table in Markdown, whose last line is ended.
        note: What a reader of the table has to know; may be empty.
        facts: About the measurement, see :func:`report_facts`; they stand
            below the note. What ``content`` should hold of them is up to it.
        content: All values, as JSON can hold them.
        draw: Draws the picture into the file that it is given.
        picture: Suffix of the picture, which chooses its format.
    """
    lines = [f'- {name}: {value}' for name, value in facts.items()]
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

from collections.abc import Callable
from pathlib import Path

from hirl_mm.pages import TreePage

from .run_report import write_run_report
from .shown_trees import shown_run


def write_pages(run: Path, log: Callable[[str], None]) -> tuple[Path, Path]:
    """Write the page of the tree and the report of a finished run.

    Args:
        run: Work folder of the training.
        log: Function that writes a line of text.

    Returns:
        The files to open.

    Raises:
        ValueError: If the run has no tree.
    """
    shown = shown_run(run)
    TreePage(shown, title=f'Tree of {shown.name}').write(run / 'tree', log)
    report = run / 'report.html'
    write_run_report([run], report)
    return run / 'tree/index.html', report

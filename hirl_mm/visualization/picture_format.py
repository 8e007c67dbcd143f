import os
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg


def check_picture_format(out: str | os.PathLike) -> None:
    """Raise ValueError unless a picture can be written to a file.

    Args:
        out: The file, whose suffix chooses the format.
    """
    known = FigureCanvasAgg.get_supported_filetypes()
    if Path(out).suffix[1:].lower() not in known:
        raise ValueError(
            f'out must end in one of {sorted(known)} to choose the format, '
            f'got {str(out)!r}'
        )

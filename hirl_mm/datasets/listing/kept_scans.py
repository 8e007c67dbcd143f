"""Keeping the list of a folder's files from one run to the next."""

import hashlib
import os
from functools import partial
from pathlib import Path

from mmengine.logging import MMLogger

from hirl_mm.datasets.listing.folder_scan import (
    UNKNOWN,
    FolderScan,
    scan_folder,
)
from hirl_mm.datasets.listing.scan_file import read_scan, write_scan
from hirl_mm.progress import shown_progress

# ``off``, or the folder of all lists.
VARIABLE = 'HIRL_MM_LISTS'
# Smaller folders are listed in less time than a user notices.
MIN_FILES = 10_000
_MOST_NAMED = 3


def kept_scan(folder: str | os.PathLike) -> FolderScan:
    """List the files of a folder, or take the list that is kept.

    A list is kept in a hidden file beside the folder or, if that cannot be
    written, in ``~/.cache/hirl_mm/lists``. The environment variable
    ``HIRL_MM_LISTS`` is another folder for all lists, or ``off``. Folders of
    less than 10,000 files are listed every time.

    Every folder below has a stamp, its times of change, and is listed again
    if this is another one; the log says so. All processes of a run read the
    list or make their own, and none waits for another. The first process of
    every machine writes it.

    Args:
        folder: A local folder.

    Raises:
        OSError: If the folder cannot be listed.
    """
    log = MMLogger.get_current_instance()
    first = os.environ.get('LOCAL_RANK', '0') == '0'
    places = _places(folder)
    known = _read(places, log)
    what = f'listing {folder}'
    shown = partial(shown_progress, what=what, log=log.info) if first else iter
    scan, listed = scan_folder(folder, known, shown)
    if known is not None:
        log.info(_said(folder, scan, listed, known))
    new = known is None or scan != known
    lasts = any(stamp != UNKNOWN for stamp in scan.stamps.values())
    if first and new and lasts and len(scan) >= MIN_FILES:
        _write(places, scan, log)
    return scan


def _places(folder: str | os.PathLike) -> list[Path]:
    """Return where the list of a folder may be, the best place first."""
    folder = Path(os.path.abspath(folder))
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    name = f'{folder.name}-{digest}.npz'
    chosen = os.environ.get(VARIABLE, '')
    if chosen.lower() == 'off':
        return []
    if chosen:
        return [Path(chosen).expanduser() / name]
    user = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return [
        folder.parent / f'.{folder.name}.hirl_mm-files.npz',
        Path(user) / 'hirl_mm' / 'lists' / name,
    ]


def _age(place: Path) -> float:
    """Return a number that is lower for files that were written later."""
    try:
        return -place.stat().st_mtime
    except OSError:
        return 0.0


def _read(places: list[Path], log: MMLogger) -> FolderScan | None:
    # Unlike Path.exists, false for a place that may not be looked into.
    there = [place for place in places if os.path.exists(place)]
    for place in sorted(there, key=_age):
        try:
            return read_scan(place)
        except (OSError, ValueError) as error:
            log.warning(f'the list {place} cannot be used: {error}')
    return None


def _write(places: list[Path], scan: FolderScan, log: MMLogger) -> None:
    reasons = []
    for place in places:
        try:
            write_scan(place, scan)
        except OSError as error:
            reasons.append(f'{place}: {error}')
        else:
            log.info(
                f'the list of {len(scan):,} files is kept in {place} for the '
                'next start'
            )
            return
    if reasons:
        log.warning(
            'the list of files cannot be kept, so the next start lists the '
            f'folder again ({"; ".join(reasons)}): set {VARIABLE} to a folder '
            'that can be written, or to off'
        )


def _said(
    folder: str | os.PathLike,
    scan: FolderScan,
    listed: list[str],
    known: FolderScan,
) -> str:
    """Say what was taken from the list that is kept."""
    gone = [path for path in known.names if path not in scan.names]
    new = [*listed, *gone]
    if not new:
        return f'{folder}: {len(scan):,} files, as in the list that is kept'
    named = ', '.join(path or '.' for path in new[:_MOST_NAMED])
    more = ', ...' if len(new) > _MOST_NAMED else ''
    return (
        f'{folder}: {len(new)} of {len(scan.names)} folders have changed '
        f'since they were listed, or had just been written: {named}{more}. '
        f'They are listed again: {len(scan):,} files, {len(known):,} before'
    )

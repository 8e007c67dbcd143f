"""Pictures that a run has, or that were drawn of it."""

from collections.abc import Sequence
from pathlib import Path

from hirl_mm.pages.run_report import Note, Part, Picture, Section

from .run_record import RunRecord

_KINDS = {
    '.png': 'image/png',
    '.jpg': 'image/jpeg',
    '.jpeg': 'image/jpeg',
    '.webp': 'image/webp',
}
_SIGNATURES = {
    'image/png': b'\x89PNG\r\n\x1a\n',
    'image/jpeg': b'\xff\xd8\xff',
    'image/webp': b'RIFF',
}
_MOST_BYTES = 8 << 20
_MOST_PICTURES = 24
# Also those of MMEngine's visualizer, RUN/TIME/vis_data/vis_image.
_FOLDERS = ('*', '*/*', '*/vis_data/vis_image/*')


def picture_section(records: Sequence[RunRecord]) -> Section:
    """Return the section of the pictures in the folders of runs.

    Args:
        records: The runs.
    """
    parts: list[Part] = []
    left_out = []
    for record in records:
        for file in _pictures(record.folder):
            name = f'{record.name}: {file.relative_to(record.folder)}'
            num = sum(isinstance(part, Picture) for part in parts)
            reason = 'there are many' if num >= _MOST_PICTURES else ''
            content, kind = b'', _KINDS[file.suffix.lower()]
            try:
                if file.stat().st_size > _MOST_BYTES:
                    reason = f'it has more than {_MOST_BYTES >> 20} MiB'
                if not reason:
                    content = file.read_bytes()
                    if not content.startswith(_SIGNATURES[kind]):
                        reason = f'it is no {kind.split("/")[1].upper()} file'
            except OSError as error:
                reason = error.strerror or str(error)
            if reason:
                left_out.append(f'{name} ({reason})')
            else:
                parts.append(Picture(name, content, kind))
    if left_out:
        text = '; '.join(left_out)
        parts.append(Note(f'Left out: {text}.', 'missing'))
    if not parts:
        parts.append(
            Note(
                'There are no pictures in the folders of the runs. '
                'tools/visualize_tree.py draws the tree.',
                'missing',
            )
        )
    return Section('Pictures', parts)


def _pictures(folder: Path) -> list[Path]:
    found = {f for pattern in _FOLDERS for f in folder.glob(pattern)}
    pictures = (f for f in found if f.suffix.lower() in _KINDS)
    return sorted(
        file
        for file in pictures
        # Those of another page belong to that page.
        if file.is_file() and not (file.parent / 'index.html').is_file()
    )

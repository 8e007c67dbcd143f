"""Reading annotation files in COCO's JSON format."""

import json
import os
from pathlib import Path


def read_coco(path: str | os.PathLike) -> dict[str, list[dict]]:
    """Read ``images``, ``annotations`` and ``categories`` of a COCO file.

    Args:
        path: Path of the JSON file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not JSON, one of the three lists is missing
            or empty, or an annotation refers to an image or a category that
            the file does not have.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'there is no annotation file {path}: unpack the annotations of '
            'the data set'
        )
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(
            f'{path} is not a JSON file, {error}: it is another kind of file '
            'or was not downloaded completely'
        ) from error
    keys = 'images', 'annotations', 'categories'
    missing = [
        k for k in keys if not isinstance(content, dict) or not content.get(k)
    ]
    if missing:
        raise ValueError(
            f'{path} has no {", ".join(missing)}: give the annotations of '
            'training or validation images, which have labels'
        )
    content = {key: content[key] for key in keys}
    _check_references(content, path)
    return content


def _check_references(content: dict[str, list[dict]], path: Path) -> None:
    for key, name in ('images', 'image_id'), ('categories', 'category_id'):
        known = {item['id'] for item in content[key]}
        unknown = {a.get(name) for a in content['annotations']} - known
        if unknown:
            raise ValueError(
                f'{path}: annotations refer to {len(unknown)} {key} that are '
                f'not in the file, such as {name} {next(iter(unknown))}. Use '
                'the original file'
            )

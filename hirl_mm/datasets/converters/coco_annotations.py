"""Reading annotations in the JSON format of COCO."""

import json
import os
from pathlib import Path


def read_coco(path: str | os.PathLike) -> dict[str, list[dict]]:
    """``images``, ``annotations`` and ``categories`` of a file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no JSON, one of the three is missing or empty,
            or an annotation names an image or a category that is not there.
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
            f'{path} is no JSON file, {error}: it is another kind of file '
            'or was not downloaded to its end'
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
                f'{path}: annotations name {len(unknown)} {key} that are not '
                f'in the file, such as {name} {next(iter(unknown))}. Take '
                'the original file'
            )

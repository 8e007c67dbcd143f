"""Files with a record per image: JSON lines, or Parquet."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

from hirl_mm.files import replacing
from hirl_mm.stack import StackError

# Types of columns, and their names in pyarrow.
_KINDS = dict(text='string', integer='int64', number='float64', flag='bool_')

Columns = Mapping[str, Sequence]


def check_record_file(path: str | os.PathLike) -> None:
    """Check that :func:`write_records` can write a file of this name.

    Raises:
        ValueError: If the suffix is neither .jsonl nor .parquet.
        StackError: If Parquet is asked for and pyarrow is missing.
    """
    suffix = Path(path).suffix
    if suffix not in ('.jsonl', '.parquet'):
        raise ValueError(f'{path} must end in .jsonl (JSON lines) or .parquet')
    if suffix == '.parquet':
        _pyarrow()


def write_records(
    path: str | os.PathLike,
    schema: Mapping[str, str],
    batches: Iterable[Columns],
) -> int:
    """Write records batch by batch; the file is complete or absent.

    JSON lines are ASCII. Bytes of file names that are no UTF-8 are in JSON
    as Python writes them (``\\\\udcff``), so that ``os.fsencode`` of the text
    read again is the name. Parquet only holds UTF-8: there they are escapes
    (``\\xff``).

    Args:
        path: File to write, .jsonl or .parquet.
        schema: Kind of every column: ``'text'``, ``'integer'``, ``'number'``
            or ``'flag'``, with ``[]`` behind for a list of them. Values may
            be None, where a record has none.
        batches: Columns of equal length for some records each.

    Returns:
        Number of records.

    Raises:
        ValueError: If the suffix is unknown.
        StackError: If Parquet is asked for and pyarrow is missing.

    Example:
        >>> batch = dict(file=['a.jpg', 'b.jpg'], path=[[3, 1], None])
        >>> write_records('o.jsonl', dict(file='text', path='integer[]'),
        ...               [batch])
        2
        >>> print(Path('o.jsonl').read_text(), end='')
        {"file": "a.jpg", "path": [3, 1]}
        {"file": "b.jpg", "path": null}
    """
    check_record_file(path)
    with replacing(path) as temporary:
        if Path(path).suffix == '.parquet':
            return _write_parquet(temporary, schema, batches)
        num = 0
        with open(temporary, 'w', encoding='ascii') as file:
            for line in json_lines(schema, batches):
                file.write(line)
                num += 1
        return num


def json_lines(
    schema: Mapping[str, str], batches: Iterable[Columns]
) -> Iterable[str]:
    """Yield a line of JSON per record; arguments as in write_records."""
    encode = json.JSONEncoder(allow_nan=False).encode
    for batch in batches:
        for values in zip(*(batch[name] for name in schema), strict=True):
            yield encode(dict(zip(schema, values, strict=True))) + '\n'


def _write_parquet(
    path: Path, schema: Mapping[str, str], batches: Iterable[Columns]
) -> int:
    arrow, parquet = _pyarrow()
    types = {name: _type(arrow, kind) for name, kind in schema.items()}
    fields = arrow.schema(list(types.items()))
    num = 0
    with ExitStack() as stack:
        writer = parquet.ParquetWriter(path, fields)
        stack.callback(writer.close)
        for batch in batches:
            columns = [
                arrow.array(_decodable(kind, batch[name]), types[name])
                for name, kind in schema.items()
            ]
            table = arrow.Table.from_arrays(columns, schema=fields)
            writer.write_table(table)
            num += len(table)
    return num


def _decodable(kind: str, values: Sequence) -> Sequence:
    if kind != 'text':
        return values
    return [
        text
        if text is None
        else os.fsencode(text).decode('utf-8', 'backslashreplace')
        for text in values
    ]


def _type(arrow: ModuleType, kind: str) -> Any:
    of = getattr(arrow, _KINDS[kind.removesuffix('[]')])()
    return arrow.list_(of) if kind.endswith('[]') else of


def _pyarrow() -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise StackError(
            f'Parquet files need pyarrow, which cannot be imported ({error}). '
            "Install it with: pip install 'hirl_mm[parquet]', or write JSON "
            'lines (.jsonl)'
        ) from error
    return pyarrow, pyarrow.parquet

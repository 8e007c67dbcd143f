"""Images that were found, as records and as a picture."""

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from torch import Tensor

from hirl_mm.datasets.read_image import read_image
from hirl_mm.hierarchy import Retrieved
from hirl_mm.hierarchy.image_records import rounded
from hirl_mm.hierarchy.record_files import Columns
from hirl_mm.structures import EmbeddedImages
from hirl_mm.structures.tree_checks import check_node
from hirl_mm.tables import printable
from hirl_mm.visualization.prototype_sheet import (
    PrototypeRow,
    PrototypeSection,
    draw_prototype_sheet,
)

FOUND_SCHEMA = dict(
    query='text',
    rank='integer',
    file='text',
    similarity='number',
    path='integer[]',
    member='flag',
)
_LONGEST_NAME = 60


class Query(NamedTuple):
    """What images are searched for.

    Args:
        name: File, or ``LEVEL:NODE`` of a prototype.
        row: (D,) floating point.
        path: Prototype of every level, level 0 first; None where the query
            has none, as a prototype has on finer levels.
        file: File of the image; None for a prototype.
    """

    name: str
    row: Tensor
    path: Sequence[int | None]
    file: str | None = None


def prototype_query(images: EmbeddedImages, level: int, node: int) -> Query:
    """Return a query for the images nearest to a prototype.

    Raises:
        ValueError: If there is no such prototype.
    """
    tree = images.tree
    check_node(tree.num_prototypes, level, node)
    path = [None] * level + [node]
    for parent in tree.parents[level:]:
        path.append(int(parent[path[-1]]))
    return Query(f'{level}:{node}', tree.centroids[level][node], path)


def image_queries(queries: EmbeddedImages) -> list[Query]:
    """Return queries for the images nearest to images.

    Raises:
        ValueError: If one of them could not be read.
    """
    found = []
    paths = queries.tree.paths(queries.leaf).tolist()
    for file, row, path in zip(
        queries.paths, queries.rows, paths, strict=True
    ):
        if path[0] < 0:
            raise ValueError(f'cannot read the image {printable(file)}')
        found.append(Query(file, row, path, file))
    return found


def without_itself(
    found: Retrieved, queries: Sequence[Query], files: Sequence[str], k: int
) -> list[list[tuple[int, float]]]:
    """Return number and similarity of the images found for every query.

    Args:
        found: At least k + 1 images per query, or all there are.
        queries: The queries. The file of an image is not found for itself.
        files: Files of the images.
        k: Number of images to keep per query.
    """
    kept = []
    for query, numbers, similarity in zip(
        queries, found.image.tolist(), rounded(found.similarity), strict=True
    ):
        own = query.file and os.path.realpath(query.file)
        pairs = zip(numbers, similarity, strict=True)
        kept.append(
            [
                (number, cosine)
                for number, cosine in pairs
                if number >= 0
                and not (own and os.path.realpath(files[number]) == own)
            ][:k]
        )
    return kept


def found_records(
    images: EmbeddedImages,
    queries: Sequence[Query],
    found: Sequence[Sequence[tuple[int, float]]],
) -> Iterator[Columns]:
    """Yield a batch of records per query, see FOUND_SCHEMA.

    ``member`` says whether the image is in the branch of the query: the leaf
    of an image, or the prototype itself.
    """
    for query, pairs in zip(queries, found, strict=True):
        numbers = [number for number, _ in pairs]
        paths = images.tree.paths(images.leaf[numbers]).tolist()
        yield dict(
            query=[query.name] * len(pairs),
            rank=list(range(1, len(pairs) + 1)),
            file=[images.paths[number] for number in numbers],
            similarity=[similarity for _, similarity in pairs],
            path=paths,
            member=[_in_branch(path, query.path) for path in paths],
        )


def draw_found(
    images: EmbeddedImages,
    queries: Sequence[Query],
    found: Sequence[Sequence[tuple[int, float]]],
    out: str | os.PathLike,
) -> None:
    """Draw the images that were found, a row per query.

    A query that is an image comes first in its row. Images of another branch
    than the query's have a pale frame.

    Raises:
        ValueError: If an image cannot be read, or the format is unknown.
    """
    rows = []
    batches = found_records(images, queries, found)
    for query, batch in zip(queries, batches, strict=True):
        files, member = list(batch['file']), list(batch['member'])
        if query.file is not None:
            files, member = [query.file, *files], [True, *member]
        note = 'no images'
        if batch['similarity']:
            best, worst = batch['similarity'][0], batch['similarity'][-1]
            note = f'similarity {best:.3f} to {worst:.3f}'
        name = printable(query.name)
        name = name if len(name) <= _LONGEST_NAME else f'…{name[-59:]}'
        pictures = [read_image(file) for file in files]
        rows.append(PrototypeRow(name, note, pictures, member))
    section = PrototypeSection('Nearest images', '', rows)
    note = 'pale frame: another branch than that of the query'
    draw_prototype_sheet([section], out, title='Retrieved', note=note)


def _in_branch(path: Sequence[int], branch: Sequence[int | None]) -> bool:
    finest = next(i for i, node in enumerate(branch) if node is not None)
    return path[finest] == branch[finest]

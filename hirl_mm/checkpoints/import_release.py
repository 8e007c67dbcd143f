import hashlib
from collections.abc import Iterable
from pathlib import Path

import torch

from hirl_mm.files import replacing

from .import_backbone import Imported, import_backbone

_CHUNK = 1 << 22


def import_checkpoint(
    source: str | Path,
    out: str | Path,
    trust: bool = False,
    *,
    prefix: str | None = None,
    num_heads: int | None = None,
) -> dict:
    """Convert a checkpoint of another library to one of MMPreTrain.

    The file written has two entries: ``state_dict``, whose keys begin with
    ``backbone.``, and ``meta``.

    Args:
        source: Path of a file or of a folder of Hugging Face; for what is
            read see :func:`import_backbone`.
        out: Path of the file to write.
        trust: Whether to read a file that may run code, see
            :func:`read_checkpoint`.
        prefix: Beginning of the network's keys. None finds it.
        num_heads: Number of attention heads of a ViT. None finds it.

    Returns:
        The ``meta``, see :func:`meta_of_import`.

    Raises:
        FileNotFoundError: If the file does not exist.
        OSError: If the file is not a checkpoint.
        ValueError: If the layout or the backbone is unknown, or the file
            needs ``trust``.
    """
    imported = import_backbone(
        source, prefix=prefix, num_heads=num_heads, trust=trust
    )
    meta = meta_of_import(imported, Path(source).name)
    save_backbone(imported, meta, out)
    return meta


def meta_of_import(imported: Imported, name: str) -> dict:
    """Return what an import records beside the weights.

    Args:
        imported: The backbone, read from files.
        name: Name of the file or folder.

    Returns:
        layout, method, family, network (the prefix of its keys), number of
        tensors, keys of the network that were left out, number of attention
        heads, what is known of the backbone (``backbone``, see
        :func:`~.backbone_facts.backbone_facts`) and of the normalisation of
        its images (``pixels``, see :class:`~.descriptions.Description`), and
        name and SHA-256 of the source.
    """
    release, heads = imported.release, imported.num_heads
    return dict(
        layout=str(release),
        method=release.method,
        family=imported.family.name,
        network=release.network,
        num_tensors=len(imported.state),
        left_out=imported.left_out,
        num_heads=heads,
        backbone=dict(
            imported.described.facts, num_heads=[heads] if heads else []
        ),
        pixels=imported.described.pixels,
        source=name,
        source_sha256=_sha256(imported.files),
    )


def save_backbone(imported: Imported, meta: dict, out: str | Path) -> None:
    """Write an imported backbone as a checkpoint of MMPreTrain.

    Args:
        imported: The backbone.
        meta: Entry ``meta`` of the file.
        out: Path of the file; it is replaced as a whole.
    """
    weights = {f'backbone.{k}': v for k, v in imported.state.items()}
    with replacing(out) as temporary:
        torch.save(dict(state_dict=weights, meta=meta), temporary)


def _sha256(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open('rb') as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()

"""Reading the weights of other libraries: files and folders."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from .reader import read_checkpoint
from .safetensors_files import read_safetensors

# In a folder of Hugging Face; the first that exists is read.
_WEIGHTS = 'model.safetensors', 'pytorch_model.bin'
_INDEX = '.index.json'
_CONFIG = 'config.json'
_PIXELS = 'preprocessor_config.json'


@dataclass(frozen=True)
class WeightFiles:
    """Content of a checkpoint and what the files beside it say.

    Attributes:
        files: Paths of the files that hold the weights.
        content: Content of the checkpoint; of several files, joined.
        config: Content of ``config.json`` of a Hugging Face folder; empty
            without one.
        pixels: Content of ``preprocessor_config.json``; empty without one.
    """

    files: tuple[Path, ...]
    content: dict
    config: dict = field(default_factory=dict)
    pixels: dict = field(default_factory=dict)


def read_weight_files(source: str | Path, trust: bool = False) -> WeightFiles:
    """Read a checkpoint of any library into CPU memory.

    Args:
        source: Path of a file of PyTorch (``.pth``, ``.pt``, ``.bin``, ...),
            a ``.safetensors`` file, or a folder with a model of Hugging Face:
            ``model.safetensors`` or ``pytorch_model.bin``, in one file or
            several, and ``config.json``. The config is also read beside a
            file of one of these two names.
        trust: Whether to read files that may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.

    Raises:
        FileNotFoundError: If the file does not exist, or the folder holds no
            weights.
        OSError: If a file cannot be read.
        ValueError: If a file holds no dict, or needs ``trust``.
    """
    source = Path(source).expanduser()
    if not source.exists():
        raise FileNotFoundError(
            f'there is no checkpoint {source}. This tool downloads nothing: '
            'give the path of a file, or of a folder that "huggingface-cli '
            'download NAME --local-dir FOLDER" wrote'
        )
    folder: Path | None = source
    if source.is_dir():
        files = _files_of(source)
    else:
        files = (source,)
        folder = source.parent if source.name in _WEIGHTS else None
    content: dict = {}
    for file in files:
        content |= _read(file, trust)
    if folder is None:
        return WeightFiles(files, content)
    return WeightFiles(
        files, content, _json(folder / _CONFIG), _json(folder / _PIXELS)
    )


def _files_of(folder: Path) -> tuple[Path, ...]:
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return (folder / name,)
        index = _json(folder / f'{name}{_INDEX}')
        if index:
            names = sorted(set(index.get('weight_map', {}).values()))
            missing = [
                n
                for n in names
                if Path(n).name != n or not (folder / n).is_file()
            ]
            if missing or not names:
                raise FileNotFoundError(
                    f'{folder} lacks {", ".join(missing) or "files"} of '
                    f'{name}{_INDEX}: download the folder again'
                )
            return tuple(folder / n for n in names)
    found = sorted(path.name for path in folder.iterdir())
    raise FileNotFoundError(
        f'the folder {folder} holds neither {" nor ".join(_WEIGHTS)}, as a '
        f'folder of Hugging Face does; it holds '
        f'{", ".join(found[:5]) or "nothing"}. Give the path of the '
        'checkpoint file itself'
    )


def _read(file: Path, trust: bool) -> dict:
    if file.suffix == '.safetensors':
        return read_safetensors(file)
    return read_checkpoint(file, trust)


def _json(path: Path) -> dict:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise OSError(f'{path} is no valid JSON: {error}') from error
    if not isinstance(content, dict):
        raise OSError(f'{path} holds no JSON object')
    return content

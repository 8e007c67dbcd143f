import os

from mmengine.fileio import LocalBackend, register_backend

from hirl_mm.files import replacing


class AtomicLocalBackend(LocalBackend):
    """File backend that writes local files whole or not at all.

    MMEngine writes checkpoints in place: a run that dies while it saves
    leaves an incomplete file under the final name. This backend writes to a
    temporary file and renames it. A config selects it with
    ``default_hooks = dict(checkpoint=dict(backend_args=dict(
    backend='hirl_mm.atomic')))``.
    """

    def put(self, obj: bytes, filepath: str | os.PathLike) -> None:
        with replacing(filepath, len(obj)) as temporary:
            temporary.write_bytes(obj)

    def put_text(
        self, obj: str, filepath: str | os.PathLike, encoding: str = 'utf-8'
    ) -> None:
        self.put(obj.encode(encoding), filepath)


register_backend('hirl_mm.atomic', AtomicLocalBackend, force=True)

"""A trial in a process of its own, which the system may end."""

from __future__ import annotations

import tempfile
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .trial import Trial

# Linux ends the process with the highest score first.
_SCORE = Path('/proc/self/oom_score_adj')
# Errors of a GPU, of PyTorch on a CPU, and of the system.
_NO_MEMORY = 'out of memory', "can't allocate memory", 'Cannot allocate'


def try_apart(text: str, images_per_step: int) -> Trial:
    """Train a few steps in a new process, see :func:`.trial.try_training`.

    Linux ends a process that needs more memory than there is, without a word.
    Here this is the new one, and not the one that can tell it.

    Args:
        text: Text of the config.
        images_per_step: Images that a loader gives for a step.

    Raises:
        MemoryError: If the training does not fit into the memory.
    """
    context = get_context('spawn')
    receiver, sender = context.Pipe(duplex=False)
    # Deleted here, since a process that is ended deletes nothing.
    with tempfile.TemporaryDirectory() as folder:
        process = context.Process(
            target=_send_trial, args=(sender, folder, text, images_per_step)
        )
        process.start()
        sender.close()
        try:
            found = receiver.recv()
        except EOFError:
            raise MemoryError(
                'the system ended the trial, as it does without memory'
            ) from None
        except BaseException:  # Ctrl-C
            process.terminate()
            raise
        finally:
            process.join()
    if isinstance(found, Exception):
        raise found
    return found


def _send_trial(
    sender: Connection, folder: str, text: str, images_per_step: int
) -> None:
    _SCORE.write_text('1000')
    tempfile.tempdir = folder
    try:
        # Large packages, for which the process has to be prepared.
        from mmengine.config import Config

        from .trial import try_training

        cfg = Config.fromstring(text, '.py')
        sender.send(try_training(cfg, images_per_step))
    except Exception as error:
        if any(words in str(error) for words in _NO_MEMORY):
            error = MemoryError(str(error).splitlines()[0])
        sender.send(error)

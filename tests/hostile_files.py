"""Checkpoints that run code when they are unpickled."""

import torch


class Call:
    """Unpickling it calls a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def add_code(source, marker, out, new_format=True):
    """A copy of a checkpoint whose unpickling creates the file ``marker``.

    Args:
        source: A checkpoint, or the dict that one holds.
        marker: File that tells that code ran.
        out: File to write.
        new_format: False for that before PyTorch 1.6.
    """
    if not isinstance(source, dict):
        source = torch.load(source, weights_only=False)
    torch.save(
        dict(source, more=Call(open, str(marker), 'w')),
        out,
        _use_new_zipfile_serialization=new_format,
    )
    return str(out)

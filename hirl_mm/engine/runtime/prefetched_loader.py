import queue
import threading
from collections.abc import Callable, Iterator

import torch
from torch.utils.data import DataLoader

# Batches that are made while a step runs. One is enough if making a batch
# takes less time than a step; more would only use more memory.
_AHEAD = 1
# A batch, None at the end; the event after which it is ready; and an error.
_Prepared = tuple[dict | None, torch.cuda.Event | None, BaseException | None]


class PrefetchedLoader:
    """A data loader whose batches are prepared while the step before runs.

    A thread takes batches from the loader and prepares them on a CUDA stream
    of its own, so that neither the copy to the GPU nor the work that prepares
    a batch waits for the training, or the other way round. Everything but the
    iteration is that of the loader.

    Args:
        loader: Loader of the training. Its workers must be processes of their
            own: a thread that reads images by itself would share the random
            state of the training.
        prepare: Function that prepares a batch, called once per batch in the
            order of the loader.
        device: Device on which ``prepare`` works.

    Raises:
        ValueError: If the loader has no workers.
    """

    def __init__(
        self,
        loader: DataLoader,
        prepare: Callable[[dict], dict],
        device: torch.device,
    ) -> None:
        if loader.num_workers < 1:
            raise ValueError(
                'batches are prepared ahead only for a loader with workers, '
                'got num_workers=0'
            )
        self.loader = loader
        self.prepare = prepare
        self.device = device

    def __getattr__(self, name: str) -> object:
        if name == 'loader':  # while a copy is unpickled
            raise AttributeError(name)
        return getattr(self.loader, name)

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[dict]:
        # Workers are started here, so they are forked from this thread.
        return prefetched(iter(self.loader), self.prepare, self.device)


def prefetched(
    source: Iterator[dict],
    prepare: Callable[[dict], dict],
    device: torch.device,
) -> Iterator[dict]:
    """Prepare the next batch of an iterator while the last one is used.

    Args:
        source: Batches, see :class:`PrefetchedLoader`. After the first batch
            is asked for, only the thread that prepares them may read it.
        prepare: Function that prepares a batch.
        device: Device on which ``prepare`` works.

    Yields:
        The prepared batches. Closing the iterator ends the thread.
    """
    if device.type == 'cuda' and device.index is None:
        # In another thread, 'cuda' would be another device.
        device = torch.device('cuda', torch.cuda.current_device())
    batches: queue.Queue[_Prepared] = queue.Queue(_AHEAD)
    stopped = threading.Event()
    thread = threading.Thread(
        name='prepare batches',
        target=_fill,
        args=(source, prepare, device, batches, stopped),
        daemon=True,
    )
    thread.start()
    try:
        while True:
            batch, ready, error = batches.get()
            if error is not None:
                raise error
            if batch is None:
                return
            if ready is not None:
                current = torch.cuda.current_stream(device)
                current.wait_event(ready)
                _keep_until_used(batch, current)
            yield batch
    finally:
        stopped.set()
        while thread.is_alive():
            _drop_all(batches)
            thread.join(0.01)


def _fill(
    source: Iterator[dict],
    prepare: Callable[[dict], dict],
    device: torch.device,
    batches: queue.Queue[_Prepared],
    stopped: threading.Event,
) -> None:
    """Put batches into a queue until the source ends."""
    error = None
    try:
        with torch.cuda.stream(_stream(device)):
            for batch in source:
                if stopped.is_set():
                    return
                batches.put((prepare(batch), _event(device), None))
    except BaseException as caught:  # raised in the thread that trains
        error = caught
    batches.put((None, None, error))


def _stream(device: torch.device) -> torch.cuda.Stream | None:
    if device.type != 'cuda':
        return None
    torch.cuda.set_device(device)
    return torch.cuda.Stream(device)


def _event(device: torch.device) -> torch.cuda.Event | None:
    if device.type != 'cuda':
        return None
    return torch.cuda.current_stream(device).record_event()


def _keep_until_used(data: object, stream: torch.cuda.Stream) -> None:
    """Keep the memory of tensors until the work on a stream is done."""
    if isinstance(data, torch.Tensor):
        if data.is_cuda:
            data.record_stream(stream)
    elif isinstance(data, dict):
        for value in data.values():
            _keep_until_used(value, stream)
    elif isinstance(data, list | tuple):
        for value in data:
            _keep_until_used(value, stream)


def _drop_all(batches: queue.Queue[_Prepared]) -> None:
    while True:
        try:
            batches.get_nowait()
        except queue.Empty:
            return

import copy

from mmengine.dataset import Compose


def pipeline_in_place_of(datasets):
    """Free data sets, and return a pipeline at the address of one of them.

    Args:
        datasets: A list, which nothing else refers to; it is emptied.
    """
    addresses = set(map(id, datasets))
    datasets.clear()
    pipelines = [Compose([copy.copy]) for _ in range(10_000)]
    return next(p for p in pipelines if id(p) in addresses)

"""Assignment and update at one size, interleaved with their peers."""

from argparse import Namespace

import torch
from torch import Tensor

from benchmarks.clustering.gpu_peers import tasks
from benchmarks.clustering.gpu_tables import OURS
from benchmarks.common.memory import peak_bytes
from benchmarks.common.timing import interleaved_seconds, quartiles, ratio
from hirl_mm.clustering.assignment import assign_torch
from hirl_mm.clustering.cluster_sums import (
    cluster_sums,
    sums_by_index,
    sums_by_segments,
)


def unit_rows(num: int, dim: int, args: Namespace) -> Tensor:
    """Draw rows of length 1 around ``num / 43`` directions: (num, dim)."""
    generator = torch.Generator(args.device).manual_seed(args.seed)
    options = dict(device=args.device, generator=generator)
    centres = torch.randn(max(1, num // 43), dim, **options)
    which = torch.randint(0, len(centres), (num,), **options)
    rows = torch.randn(num, dim, **options).add_(centres[which])
    return rows.div_(rows.norm(dim=1, keepdim=True))


def measure_assignment(
    num: int, num_clusters: int, dim: int, precision: str, args: Namespace
) -> dict:
    """Time all assignments of N rows to K centroids at a precision.

    In the result ``tflops`` counts the 2 N K D of the product alone.
    ``of_gemm`` is the share of the measured rate of that product, round by
    round, and ``labels_of_fp32`` the share of labels that equal those of
    torch in float32.
    """
    features = unit_rows(num, dim, args)
    centroids = features[:num_clusters] + 0
    found, missing = tasks(features, centroids, precision)
    seconds = interleaved_seconds(found, args.rounds, 1, 0, args.device)
    wanted = assign_torch(features, centroids)[0]
    arms = {}
    for name, values in seconds.items():
        middle = quartiles(values)
        arms[name] = dict(
            seconds=middle,
            tflops=2e-12 * num * num_clusters * dim / middle['median'],
            rounds=values,
        )
        if name != 'gemm':
            same = found[name]() == wanted
            arms[name] |= dict(
                of_gemm=ratio(seconds['gemm'], values),
                labels_of_fp32=float(same.double().mean()),
                peak_bytes=peak_bytes(found[name], args.device),
            )
    return dict(
        num_features=num,
        num_clusters=num_clusters,
        dim=dim,
        precision=precision,
        arms=arms,
        missing=missing,
        ratios={
            f'{ours}/{name}': ratio(seconds[ours], values)
            for ours in OURS
            for name, values in seconds.items()
            if ours in seconds and name != ours
        },
    )


def measure_update(
    num: int, num_clusters: int, dim: int, args: Namespace
) -> dict:
    """Time all ways to sum the clusters.

    ``atomics`` adds in an order that differs from run to run on a GPU.
    """
    features = unit_rows(num, dim, args)
    labels = torch.arange(num, device=args.device) * 7919 % num_clusters
    arms = dict(
        cluster_sums=cluster_sums,
        segments=sums_by_segments,
        atomics=sums_by_index,
    )
    found = {
        name: lambda form=form: form(features, labels, num_clusters)
        for name, form in arms.items()
    }
    seconds = interleaved_seconds(found, args.rounds, 1, 1, args.device)
    return dict(
        num_features=num,
        num_clusters=num_clusters,
        dim=dim,
        arms={
            name: dict(
                seconds=quartiles(values),
                gigabytes_per_second=4e-9
                * num
                * dim
                / quartiles(values)['median'],
                peak_bytes=peak_bytes(found[name], args.device),
                rounds=values,
            )
            for name, values in seconds.items()
        },
        ratios={
            f'cluster_sums/{name}': ratio(seconds['cluster_sums'], values)
            for name, values in seconds.items()
            if name != 'cluster_sums'
        },
    )

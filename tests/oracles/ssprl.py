"""SS-PRL in float64, image by image and patch by patch."""

import torch

from tests.oracles.swav import naive_sinkhorn


def units(rows):
    """Rows of unit length."""
    return rows / rows.norm(dim=-1, keepdim=True)


def cross_entropy(target, logits):
    """Of one row."""
    p = logits.exp() / logits.exp().sum()
    return -(target * p.log()).sum()


def naive_assignments(views, prototypes, epsilon, num_iters, earlier=None):
    """Of both groups, each on its own.

    Args:
        views: (2, M, B, D).
        prototypes: (K, D) of unit length.
        epsilon: Temperature.
        num_iters: Iterations.
        earlier: Of both groups, earlier embeddings (n, D), or None.

    Returns:
        (2, M, B, K).
    """
    found = []
    for group, of_group in enumerate(views.detach()):
        pool = of_group.flatten(0, 1)
        if earlier is not None:
            pool = torch.cat((pool, earlier[group]))
        q = naive_sinkhorn(pool @ prototypes.T.detach(), epsilon, num_iters)
        found.append(
            q[: of_group.shape[:2].numel()].unflatten(0, of_group.shape[:2])
        )
    return torch.stack(found)


def naive_pyramid(
    views,
    prototypes,
    correlations,
    weights,
    *,
    form='official',
    cross_weight=1.0,
    epsilon=0.05,
    temperature=0.1,
    num_iters=3,
    earlier=None,
):
    """The two losses, differentiable.

    Args:
        views: Of scale 0 (V, 1, B, D), of others (2, M, B, D), unit rows.
        prototypes: (K_s, D) of any length, per scale.
        correlations: (K_0, K_s) of any length, per scale of patches.
        weights: Of every scale.
        form: ``'official'`` as the released code has it, ``'paper'`` as the
            supplementary writes it.
        cross_weight: The paper's lambda.
        epsilon: Temperature of the assignments.
        temperature: Temperature of the predictions.
        num_iters: Iterations of the assignments.
        earlier: Per scale, see :func:`naive_assignments`.
    """
    prototypes = [units(rows) for rows in prototypes]
    correlations = [units(rows) for rows in correlations]
    num_images = views[0].size(2)
    targets = [
        naive_assignments(
            of_scale[:2], rows, epsilon, num_iters, earlier and earlier[s]
        )
        for s, (of_scale, rows) in enumerate(
            zip(views, prototypes, strict=True)
        )
    ]
    pyramid = 0
    for s, of_scale in enumerate(views):
        num_views, num_patches = of_scale.shape[:2]
        total = 0
        for assigned in range(2):
            for view in set(range(num_views)) - {assigned}:
                for m in range(num_patches):
                    for b in range(num_images):
                        total = total + cross_entropy(
                            targets[s][assigned, m, b],
                            prototypes[s] @ of_scale[view, m, b] / temperature,
                        ) / (num_patches * num_images * (num_views - 1))
        total = total / 2 if form == 'official' else total
        pyramid = pyramid + weights[s] * total
    cross = 0
    for s, map_ in enumerate(correlations, 1):
        num_patches = views[s].size(1)
        for group in range(2):
            for b in range(num_images):
                scores = [
                    prototypes[s] @ views[s][group, m, b]
                    for m in range(num_patches)
                ]
                if form == 'official':
                    feature = units(sum(scores) / num_patches)
                    wholes = (0, 1)
                else:
                    feature = (
                        sum(torch.softmax(x / temperature, 0) for x in scores)
                        / num_patches
                    )
                    wholes = (group,)
                for whole in wholes:
                    term = cross_entropy(
                        targets[0][whole, 0, b], map_ @ feature / temperature
                    )
                    share = 4 if form == 'official' else 1
                    cross = cross + weights[s] * term / (share * num_images)
    return pyramid, cross_weight * cross

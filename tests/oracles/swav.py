"""SwAV in float64, sample by sample, with the meaning on its sleeve."""

import math

import torch


def naive_sinkhorn(scores, epsilon, num_iters):
    """Equal masses of prototypes, then samples that sum to one; repeat."""
    rows = [
        [math.exp(score / epsilon) for score in row]
        for row in scores.double().tolist()
    ]
    num, num_prototypes = len(rows), len(rows[0])
    for _ in range(num_iters):
        for k in range(num_prototypes):
            mass = sum(row[k] for row in rows)
            for row in rows:
                row[k] *= num / num_prototypes / mass
        for i in range(num):
            mass = sum(rows[i])
            rows[i] = [q / mass for q in rows[i]]
    return torch.tensor(rows, dtype=torch.float64)


def naive_swav_loss(
    embeddings,
    prototypes,
    earlier=None,
    crops_for_assign=(0, 1),
    epsilon=0.05,
    temperature=0.1,
    num_iters=3,
):
    """The loss of unit embeddings (V, B, D), differentiable.

    Args:
        embeddings: Of all crops.
        prototypes: (K, D) of any length.
        earlier: Per assigned crop earlier embeddings (n, D), or None.
    """
    units = prototypes / prototypes.norm(dim=1, keepdim=True)
    total, terms = 0, 0
    for i, crop in enumerate(crops_for_assign):
        pool = embeddings[crop].detach()
        if earlier is not None:
            pool = torch.cat((earlier[i], pool))
        scores = (pool @ units.T).detach()
        q = naive_sinkhorn(scores, epsilon, num_iters)
        q = q[-embeddings.size(1) :]
        for other in range(len(embeddings)):
            if other == crop:
                continue
            for sample, target in enumerate(q):
                logits = units @ embeddings[other, sample] / temperature
                p = logits.exp() / logits.exp().sum()
                total = total - (target * p.log()).sum()
                terms += 1
    return total / terms

"""CsMl written out, one sample and one term at a time."""

import torch


def term(query, key, negatives, temperature):
    """Eq. 2 for one positive: -log of its share among it and negatives."""
    positive = torch.exp((query * key).sum() / temperature)
    others = sum(
        torch.exp((query * other).sum() / temperature) for other in negatives
    )
    return -torch.log(positive / (positive + others))


def cross_sample(query, positives, negatives, temperature, weights):
    """Weighted sum over positives, mean over the batch."""
    total = 0
    for row in range(len(query)):
        for positive, weight in zip(positives, weights, strict=True):
            share = weight[row] if torch.is_tensor(weight) else weight
            total = total + share * term(
                query[row], positive[row].detach(), negatives, temperature
            )
    return total / len(query)


def three_terms(queries, mixed, share, keys, negatives, temperature, cross):
    """Eq. 5 of one level: an own and a cross term each, and the mix.

    Args:
        queries: Of anchors and positives, (B, D) each.
        mixed: Of mixed images, (B, D).
        share: Share of the anchor in these.
        keys: Of anchors and positives.
        negatives: (N, D).
        temperature: A number.
        cross: Whether images are pulled to the keys of other images.
    """
    own = 0.5 if cross else 1.0
    weights = [own, 1 - own]
    return (
        cross_sample(queries[0], keys, negatives, temperature, weights),
        cross_sample(queries[1], keys, negatives, temperature, weights[::-1]),
        cross_sample(mixed, keys, negatives, temperature, [share, 1 - share]),
    )

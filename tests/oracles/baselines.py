"""The baselines' own losses, one sample and one term at a time."""

import math

import torch


def unit(vector):
    return vector / torch.sqrt((vector * vector).sum())


def negative_log_softmax(logits, own):
    """-log(exp(logits[own]) / sum(exp(logits))) of one sample."""
    return torch.log(sum(torch.exp(x) for x in logits)) - logits[own]


def moco(queries, keys, queue, temperature):
    """InfoNCE of MoCo, Eq. 1: the own key against those of the queue."""
    terms = []
    for query, key in zip(queries, keys, strict=True):
        candidates = [unit(key), *queue]
        logits = [unit(query) @ c / temperature for c in candidates]
        terms.append(negative_log_softmax(logits, 0))
    return sum(terms) / len(terms)


def moco_v3(predictions, keys, temperature):
    """Algorithm 1 of MoCo v3: predictions of two views, keys of the other.

    Args:
        predictions: Of view 1 and of view 2, (B, D) each.
        keys: Of view 1 and of view 2, (B, D) each.
        temperature: Of the softmax.
    """
    total = 0
    for of_view, of_other in zip(predictions, keys[::-1], strict=True):
        terms = []
        for i, prediction in enumerate(of_view):
            logits = [
                unit(prediction) @ unit(key) / temperature for key in of_other
            ]
            terms.append(negative_log_softmax(logits, i))
        total = total + 2 * temperature * sum(terms) / len(terms)
    return total


def cosine_momentum(start, step, num_steps):
    """Share that MoCo v3's average keeps of itself, section 4.2 and A."""
    progress = math.pi * step / num_steps
    return 1 - 0.5 * (1 + math.cos(progress)) * (1 - start)


def simsiam(predictions, targets):
    """Eq. 2 of SimSiam: both directions, weighted by half."""
    total = 0
    for of_view, of_other in zip(predictions, targets[::-1], strict=True):
        terms = [
            -(unit(p) @ unit(z))
            for p, z in zip(of_view, of_other, strict=True)
        ]
        total = total + 0.5 * sum(terms) / len(terms)
    return total


def beit(logits, tokens, mask):
    """The cross entropy over all masked patches of the batch, Eq. 2 of BEiT.

    Args:
        logits: (B, H, W, V).
        tokens: (B, H, W) long.
        mask: (B, H, W), nonzero where masked.
    """
    terms = [
        negative_log_softmax(logits[place], tokens[place])
        for place in map(tuple, mask.nonzero().tolist())
    ]
    return sum(terms) / len(terms)

"""Train HIRL in a plain PyTorch loop, without OpenMMLab.

SimCLR with torchvision's ResNet-18 on the digits of scikit-learn. HIRL adds
hierarchical k-means before every epoch, projections of the embedding z0, and
the loss that pulls every image to its path through the tree.
"""

import argparse

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torchvision.models import resnet18

from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.evaluation.functional import tree_purity
from hirl_mm.heads import PathProjections
from hirl_mm.losses import sample_negative_leaves, semantic_path_loss


def augment(images):
    """Rotate, scale and shift every image at random, (B, 3, H, W)."""
    angle, scale, *shift = torch.randn(4, len(images)).mul(0.15)
    cos, sin = angle.cos() * scale.exp(), angle.sin() * scale.exp()
    rows = cos, -sin, shift[0], sin, cos, shift[1]
    grid = F.affine_grid(
        torch.stack(rows, 1).view(-1, 2, 3), images.shape, align_corners=False
    )
    return F.grid_sample(images, grid, align_corners=False)


def simclr_loss(z1, z2, temperature=0.2):
    """Tell the two views of an image from those of others, (B, D) each."""
    z = F.normalize(torch.cat([z1, z2]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float('-inf'))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z1)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--epochs', type=int, default=5)
    parser.add_argument('--images', type=int, default=1797, help='of 1797')
    parser.add_argument('--batch-size', type=int, default=128)
    args = parser.parse_args()
    torch.manual_seed(0)

    digits = load_digits()
    images = torch.tensor(digits.images[: args.images, None]).float() / 16
    images = F.interpolate(images, size=32).expand(-1, 3, -1, -1)
    labels = torch.tensor(digits.target[: args.images])

    encoder = resnet18(num_classes=128)  # images to z0
    projections = PathProjections(128, num_levels=3)  # z0 to z1, z2, z3
    model = nn.ModuleList([encoder, projections])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for epoch in range(1, args.epochs + 1):
        with torch.no_grad():
            model.eval()
            z0 = torch.cat([encoder(part) for part in images.split(256)])
        tree = hierarchical_kmeans(z0, (60, 20, 10), seed=epoch)
        model.train()
        losses = []
        for idx in torch.randperm(len(images)).split(args.batch_size):
            z0, other = (encoder(augment(images[idx])) for _ in range(2))
            z, leaf = projections(z0), tree.leaf[idx]
            negatives = sample_negative_leaves(leaf, 60, num_negatives=100)
            loss = simclr_loss(z0, other)
            loss = loss + semantic_path_loss(z, tree, leaf, negatives)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        purity = ' / '.join(f'{p:.1f}' for p in tree_purity(tree, labels))
        mean = sum(losses) / len(losses)
        print(f'epoch {epoch}: loss {mean:.3f}, purity of the tree {purity} %')


if __name__ == '__main__':
    main()

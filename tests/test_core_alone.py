"""The core runs on PyTorch, NumPy, SciPy and scikit-learn alone."""

import pytest

from tests.alone import ABSENT, run_alone

USE = """
from types import SimpleNamespace

import torch

from hirl_mm.clustering import *
from hirl_mm.evaluation.functional import *
from hirl_mm.features import *
from hirl_mm.heads import *
from hirl_mm.losses import *
from hirl_mm.structures import *
from hirl_mm.views import *

torch.manual_seed(0)
labels = torch.arange(60) % 3
images = torch.randn(60, 8) + 6 * torch.eye(8)[labels]
batches = [
    dict(
        inputs=images[i : i + 20],
        data_samples=[
            SimpleNamespace(sample_idx=j) for j in range(i, i + 20)
        ],
    )
    for i in range(0, 60, 20)
]

# features
idx, z0 = extract_features(lambda batch: batch['inputs'], batches, 60)
bank = FeatureBank(60)
bank.add(idx, z0)
assert torch.equal(bank.kept(60)[1], z0)
write_shard(lambda batch: batch['inputs'], batches, sys.argv[1])
merge_shards(sys.argv[1], 60, dict(of='images'))
assert torch.equal(open_features(sys.argv[1]), z0)
neighbors = nearest_neighbors(z0, 5)
assert (labels[neighbors] == labels[:, None]).all()
similarities, _ = top_k_neighbors(z0, z0, 1)
torch.testing.assert_close(similarities, torch.ones(60, 1))

# clustering and structures
tree = hierarchical_kmeans(z0, (9, 3), backend='auto')
kmeans(z0, 3)
assert tree_purity(tree, labels) == [100, 100]
assert feature_spread(z0) > 0.5 and moved_shares(tree, tree) == (0, 0)
tree.save(sys.argv[1] + '/tree.pth')
tree = PrototypeTree.load(sys.argv[1] + '/tree.pth')

# heads and losses
z0.requires_grad_()
z = PathProjections(8, num_levels=2)(z0)
negatives = sample_negative_leaves(tree.leaf, 9, 4)
assert path_similarity(z, tree, negatives).shape == (60, 4)
semantic_path_loss(z, tree, tree.leaf, negatives).backward()
levels = LevelProjections(8, 8, 8)(images)
predictions = LevelPredictors(8, 4, [(0, 0), (1, 1)])(levels)
cross_level_loss((predictions, predictions), (levels, levels)).backward()
assert z0.grad.abs().sum() > 0
logits = NormalizedLinear(8, 5)(images)
q = teacher_probabilities(logits, logits.mean(0), 0.04)
assert mean_entropy(q) > 0
views = torch.stack([logits, logits])
view_distillation_loss(views, torch.stack([q, q]), 0.1)
patch_distillation_loss(logits, q, torch.ones(60), 0.1)
swapped_prediction_loss(views, sinkhorn(views), [0, 1])

# evaluation
assert knn_accuracy(images, labels, images, labels, ks=(3,)) == {3: 100}
assert clustering_scores(labels, labels)
assert logistic_accuracy(images, labels, images, labels).top1 > 99
shown = (labels[:, None] == torch.arange(3)).long().numpy()
svm_scores(images.numpy(), shown, images.numpy(), shown)
# views
black, white = torch.zeros(9, 7, 3).byte(), torch.ones(5, 8, 3).byte()
pixels = RaggedImages.of([black, white])
view = View([RandomResizedCrop((4, 4)), Flip(), GaussianBlur((0, 2))])
drawn = view.draw(pixels.sizes, torch.Generator().manual_seed(0), count=2)
assert view.apply(pixels, drawn).shape == (4, 3, 4, 4)
print(*sorted(name.split('.')[0] for name in sys.modules))
"""


@pytest.mark.slow
def test_the_core_runs_without_openmmlab(tmp_path):
    loaded = run_alone(USE, str(tmp_path)).split()
    assert 'torch' in loaded and not set(loaded) & set(ABSENT)


@pytest.mark.parametrize('name', ['mmengine', 'mmpretrain.models'])
def test_the_process_has_no_openmmlab(name):
    with pytest.raises(AssertionError, match='ModuleNotFoundError'):
        run_alone(f'import {name}')

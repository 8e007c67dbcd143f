"""Small files in the formats of CIFAR and MNIST, as their authors give them.

Images of one class have one colour or brightness, with a little noise.
"""

import pickle
import struct

import numpy as np
from mmpretrain.datasets import CIFAR10, CIFAR100
from mmpretrain.registry import DATASETS


class _Few:
    """Without the checksums of the files that are downloaded."""

    train_list = [['train', None]]
    test_list = [['test', None]]

    def _check_integrity(self):
        return True


@DATASETS.register_module(force=True)
class FewCIFAR10(_Few, CIFAR10):
    pass


@DATASETS.register_module(force=True)
class FewCIFAR100(_Few, CIFAR100):
    pass


def labels_of_split(split, num, num_classes=10):
    """Labels (num,) in an order that is not that of the classes."""
    order = np.random.default_rng(split == 'test').permutation(num)
    return order % num_classes


def colored(labels, channels, size, rng):
    """Images (N, C, size, size) uint8 whose colour tells their label."""
    color = np.random.default_rng(7).integers(30, 226, (100, channels))
    noise = rng.integers(-20, 21, (len(labels), channels, size, size))
    return (color[labels][..., None, None] + noise).astype(np.uint8)


def write_cifar(root, kind=10, num_train=96, num_test=40):
    """Write the pickled batches of CIFAR-10 or CIFAR-100.

    Returns:
        Pixels (N, 32, 32, 3) RGB and labels (N,) by split.
    """
    cls = {10: CIFAR10, 100: CIFAR100}[kind]
    folder = root / cls.base_folder
    folder.mkdir(parents=True)
    rng, written = np.random.default_rng(0), {}
    for split, num in (('train', num_train), ('test', num_test)):
        labels = labels_of_split(split, num)
        images = colored(labels, 3, 32, rng)
        key = 'labels' if kind == 10 else 'fine_labels'
        entry = {'data': images.reshape(num, -1), key: labels.tolist()}
        (folder / split).write_bytes(pickle.dumps(entry))
        written[split] = images.transpose(0, 2, 3, 1), labels
    return written


def write_mnist(root, num_train=96, num_test=40):
    """Write the idx files of MNIST.

    Returns:
        Pixels (N, 28, 28) and labels (N,) by split.
    """
    root.mkdir(parents=True)
    rng, written = np.random.default_rng(0), {}
    for split, num in (('train', num_train), ('test', num_test)):
        name = 'train' if split == 'train' else 't10k'
        labels = labels_of_split(split, num)
        images = colored(labels, 1, 28, rng)[:, 0]
        head = struct.pack('>IIII', 0x803, num, 28, 28)
        (root / f'{name}-images-idx3-ubyte').write_bytes(
            head + images.tobytes()
        )
        head = struct.pack('>II', 0x801, num)
        (root / f'{name}-labels-idx1-ubyte').write_bytes(
            head + labels.astype(np.uint8).tobytes()
        )
        written[split] = images, labels
    return written

"""Small archives of CIFAR in the format of the official ones.

These were pickled by Python 2, whose texts are bytes for Python 3.
"""

import io
import pickle
import struct
import tarfile

import numpy as np

NAMES10 = (
    *('airplane', 'automobile', 'bird', 'cat', 'deer'),
    *('dog', 'frog', 'horse', 'ship', 'truck'),
)
# Four classes of two superclasses, which alternate.
NAMES100 = 'apple', 'man', 'pear', 'woman'
PARENTS100 = 'fruit', 'large_man-made_things'


class _Python2Pickler(pickle._Pickler):
    """Writes texts and bytes as Python 2 writes texts."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_text(self, value):
        if isinstance(value, str):
            value = value.encode('latin1')
        self.write(pickle.BINSTRING + struct.pack('<i', len(value)) + value)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = save_text

    def memoize(self, obj):
        if id(obj) not in self.memo:
            super().memoize(obj)


def python2_pickle(value):
    """Bytes of a pickle as Python 2 and its NumPy wrote them."""
    file = io.BytesIO()
    _Python2Pickler(file, protocol=2).dump(value)
    return file.getvalue().replace(b'cnumpy._core.', b'cnumpy.core.')


def batch(num, seed, **others):
    """Images (N, 32, 32, 3) of random pixels, and the content of a file."""
    rng = np.random.default_rng(seed)
    images = rng.integers(256, size=(num, 32, 32, 3), dtype=np.uint8)
    rows = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    rows = rows.reshape(-1, 3072)
    files = [f'{i}.png' for i in range(num)]
    return images, dict(data=rows, filenames=files, **others)


def cifar10(num=2):
    """Files of CIFAR-10 by name, and images (N, 32, 32, 3) by split.

    Each of the five training files has 10 images, in another order; the test
    file ``num`` images per class.
    """
    files, train = {}, []
    for part in range(5):
        labels = np.roll(range(10), part).tolist()
        images, content = batch(10, part, labels=labels)
        files[f'data_batch_{part + 1}'] = content
        train.append(images)
    labels = [*range(10)] * num
    val, files['test_batch'] = batch(len(labels), 5, labels=labels)
    files['batches.meta'] = dict(label_names=[*NAMES10], num_vis=3072)
    return files, dict(train=np.concatenate(train), val=val)


def cifar100(num=3):
    """The same of CIFAR-100, with four classes of ``num`` training images."""
    files, found = {}, {}
    for seed, (split, file, each) in enumerate(
        [('train', 'train', num), ('val', 'test', 1)]
    ):
        labels = [*range(4)] * each
        found[split], files[file] = batch(
            len(labels),
            seed,
            fine_labels=labels,
            coarse_labels=[label % 2 for label in labels],
        )
    files['meta'] = dict(
        fine_label_names=[*NAMES100], coarse_label_names=[*PARENTS100]
    )
    return files, found


def write_folder(folder, files):
    """Write the files of a data set."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        if not isinstance(content, bytes):
            content = python2_pickle(content)
        (folder / name).write_bytes(content)
    return folder


def write_archive(path, folder):
    """Pack a folder, with its name, as a compressed tar file."""
    with tarfile.open(path, 'w:gz') as archive:
        archive.add(folder, arcname=folder.name)
    return path

"""Training images, lists of them and names of classes."""

import os
import shutil

from PIL import Image

from tests.test_bad_input.case import cases

LIST = 'train_dataloader.dataset.ann_file=list.txt'
CUSTOM = 'train_dataloader.dataset.type=mmpretrain.CustomDataset'
UNLABELLED = 'train_dataloader.dataset.with_label=False'
CLASSES = 'train_dataloader.dataset.classes='


def data(change, *options):
    """A training with a copy of the images that a function has changed."""

    def make(sound, folder):
        images = folder / 'data'
        shutil.copytree(sound.data, images)
        change(images)
        words = f'train_dataloader.dataset.data_root={images}', *options
        words = [word.format(folder=folder) for word in words]
        run = '--work-dir', folder / 'run', '--cfg-options', *words
        return 'train', sound.config, *run

    return make


def remove(folder):
    shutil.rmtree(folder)


def empty(folder):
    shutil.rmtree(folder / 'train')
    (folder / 'train/a').mkdir(parents=True)


def replace_by_file(folder):
    shutil.rmtree(folder / 'train')
    (folder / 'train').write_text('no folder')


def first(content):
    """The first image gets this content."""
    return lambda folder: (folder / 'train/a/0.png').write_bytes(content)


def resize(folder):
    Image.new('RGB', (40, 50)).save(folder / 'train/a/0.png')


def link(name):
    """A link in the folder of the images that leads nowhere."""

    def change(folder):
        (folder / f'train/{name}').symlink_to('/nowhere')

    return change


def image_link(folder):
    (folder / 'train/a/0.png').unlink()
    os.symlink('/nowhere.png', folder / 'train/a/0.png')


def list_of(content):
    return lambda folder: (folder / 'list.txt').write_bytes(content)


def same(folder):
    pass


TABLE = {
    'missing folder': (
        remove,
        (
            'there is no folder ~/data/train: set data_root and '
            'data_prefix to the folder of the images'
        ),
    ),
    'folder without images': (
        empty,
        (
            'found no images with the extensions .bmp, .jpeg, .jpg, .pgm, '
            '.png, .ppm, .tif in class folders of ~/data/train'
        ),
    ),
    'file for a folder': (
        replace_by_file,
        (
            'there is no folder ~/data/train: set data_root and '
            'data_prefix to the folder of the images'
        ),
    ),
    'image that is text': (
        first(b'no image'),
        (
            'cannot read the image ~/data/train/a/0.png: AssertionError: '
            'failed to load image: ~/data/train/a/0.png'
        ),
    ),
    'link to a missing folder': (
        link('d'),
        (
            '~/data/train/d is a link to /nowhere, which does not exist: '
            'correct the link or remove it'
        ),
    ),
    'link to a missing image': (
        image_link,
        (
            'cannot read the image ~/data/train/a/0.png: '
            'FileNotFoundError: [Errno 2] No such file or directory: '
            "'~/data/train/a/0.png'"
        ),
    ),
    'image of another size': (
        resize,
        (
            'the images of a batch differ in size: ~/data/train/a/0.png '
            'has 50x40 pixels after the pipeline, ~/data/train/a/1.png '
            '32x32. Add a transform that makes them equal to the pipeline, '
            "such as dict(type='mmpretrain.Resize', scale=(224, 224))"
        ),
    ),
    'missing list': (
        same,
        LIST,
        "[Errno 2] No such file or directory: '~/data/list.txt'",
    ),
    'list without labels': (
        list_of(b'a/0.png\n'),
        LIST,
        (
            '~/data/list.txt, line 1: expected the path of an image and '
            "its label, such as 'folder/image.jpg 3', got 'a/0.png'. "
            'Training needs the labels'
        ),
    ),
    'labels that are words': (
        list_of(b'a/0.png cat\n'),
        LIST,
        (
            '~/data/list.txt, line 1: expected the path of an image and '
            "its label, such as 'folder/image.jpg 3', got 'a/0.png cat'. "
            'Training needs the labels'
        ),
    ),
    'empty list': (
        list_of(b''),
        LIST,
        (
            'FolderImages of train_dataloader holds no images: correct its '
            'data_root, ann_file, data_prefix or indices'
        ),
    ),
    'blank line for MMPreTrain': (
        *(list_of(b'a/0.png\n\na/1.png\n'), LIST, CUSTOM, UNLABELLED),
        (
            '~/data/list.txt, line 2 is blank. mmpretrain.CustomDataset '
            'cannot read this: correct the line, or use the type '
            'hirl_mm.FolderImages, which takes the same arguments and '
            'reads blank lines, tabs and labels that are not needed'
        ),
    ),
    'list that is no UTF-8 for MMPreTrain': (
        *(list_of(b'a/0.png\n\xff.png\n'), LIST, CUSTOM, UNLABELLED),
        (
            '~/data/list.txt is not UTF-8: invalid start byte at byte 8. '
            'Convert the file'
        ),
    ),
    'other classes': (
        same,
        f'{CLASSES}[x,y]',
        (
            '3 of the 3 class folders are none of the 2 classes: a, b, c. '
            'Add them to classes, delete the folders, or leave classes out '
            'to take the names of the folders'
        ),
    ),
    'class name that is no UTF-8': (
        *(list_of(b'a\n\xff\nc\n'), f'{CLASSES}{{folder}}/data/list.txt'),
        (
            '1 of the 3 class folders are none of the 3 classes: b. Add '
            'them to classes, delete the folders, or leave classes out to '
            'take the names of the folders'
        ),
    ),
    'class name that is no UTF-8 for MMPreTrain': (
        *(list_of(b'a\n\xff\nc\n'), f'{CLASSES}{{folder}}/data/list.txt'),
        *(
            CUSTOM,
            (
                '~/data/list.txt is not UTF-8: invalid start byte at byte 2. '
                'Convert the file'
            ),
        ),
    ),
}
CASES = cases(data, TABLE)

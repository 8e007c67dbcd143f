"""Packaging: the metadata, and the configs and tools inside the package.

MMEngine finds ``_base_ = 'hirl_mm::hirl/...'`` in ``hirl_mm/.mim/configs``,
see hirl_mm.stack. In the repository this is a link to ``configs``; a wheel
holds copies. ``hirl_mm/configs`` has no numbers of its own: its files read
those of ``.mim/configs`` for MMEngine's ``read_base``.
"""

import runpy
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent


def read_version() -> str:
    namespace = {}
    exec((ROOT / 'hirl_mm/version.py').read_text(), namespace)
    return namespace['__version__']


def read_dev_tools() -> list[str]:
    """The pins of `make env`; an sdist or wheel is built without them."""
    file = ROOT / 'requirements/dev.txt'
    lines = file.read_text().splitlines() if file.exists() else []
    return [line for line in lines if not line.startswith('#')]


supported = runpy.run_path(str(ROOT / 'hirl_mm/stack/ranges.py'))['SUPPORTED']
readme = ROOT / 'README.md'
setup(
    name='hirl_mm',
    version=read_version(),
    description='Hierarchical self-supervised learning for OpenMMLab',
    long_description=readme.read_text() if readme.exists() else '',
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    keywords=[
        *('self-supervised learning', 'representation learning'),
        *('hierarchical clustering', 'prototypes', 'images'),
        *('OpenMMLab', 'MMPreTrain', 'PyTorch'),
    ],
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'License :: OSI Approved :: Apache Software License',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
        'Topic :: Scientific/Engineering :: Image Recognition',
        'Typing :: Typed',
    ],
    python_requires='>=3.10',
    packages=find_packages(include=['hirl_mm', 'hirl_mm.*']),
    package_data={
        'hirl_mm': [
            'py.typed',
            'configs/**/*.py',
            'pages/**/*.css',
            'pages/**/*.html',
            'pages/**/*.js',
            '.mim/model-index.yml',
            '.mim/configs/**/*.py',
            '.mim/configs/**/*.yml',
            '.mim/configs/**/*.md',
            '.mim/tools/**/*.py',
            '.mim/tools/*.sh',
        ]
    },
    # torch, mmengine, mmcv, mmpretrain and mmdet are left out on purpose:
    # pip would replace the builds and forks of them that a user has chosen.
    # hirl_mm.stack checks them at run time.
    install_requires=['numpy', 'scipy', 'scikit-learn', 'matplotlib'],
    extras_require={
        # Both need an mmcv with ops, compiled for the installed PyTorch.
        'det': [f'mmdet{supported["mmdet"]}'],
        'seg': [f'mmsegmentation{supported["mmseg"]}', 'ftfy', 'regex'],
        'faiss': ['faiss-cpu'],
        'export': ['safetensors'],
        'viz': ['umap-learn'],
        # pyarrow 26 needs numpy 2, which mmcv 2.1 does not work with.
        'parquet': ['pyarrow<26'],
        'dev': read_dev_tools(),
    },
)

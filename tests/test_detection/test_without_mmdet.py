"""Pre-training needs no MMDetection: the package never imports it."""

from tests.test_layers import PACKAGE, imported


def test_package_imports_no_mmdet():
    files = list(PACKAGE.rglob('models/**/*.py'))
    assert any(file.parent.name == 'detection' for file in files)
    for file in [*files, *PACKAGE.rglob('engine/**/*.py')]:
        for module in imported(file):
            assert module.split('.')[0] not in ('mmdet', 'mmseg'), file

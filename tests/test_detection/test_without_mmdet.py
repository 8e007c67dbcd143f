"""hirl_mm.models is imported where there is no MMDetection."""

from tests.test_layers import PACKAGE, modules_in


def test_package_imports_no_mmdet():
    files = [*(PACKAGE / 'models').rglob('*.py')]
    for file in [*files, *(PACKAGE / 'engine').rglob('*.py')]:
        modules = {module.split('.')[0] for module in modules_in(file)}
        assert not modules & {'mmdet', 'mmseg'}, file

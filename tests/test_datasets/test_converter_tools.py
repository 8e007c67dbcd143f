import os
import subprocess
import sys

from hirl_mm.datasets.toy import write_shapes
from tests.image_folders import TINY, never
from tests.runs import ROOT


def run(*command):
    return subprocess.run(
        [sys.executable, *map(str, command)],
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_tools(digits, shapes, tmp_path):
    tools = ROOT / 'tools' / 'dataset_converters'
    reused = run(tools / 'digits.py', digits)
    assert reused.returncode == 0, reused.stderr
    line = f'{digits}: 1500 train and 297 val images of 10 classes\n'
    assert reused.stdout == line

    options = '--image-size 32 --num-train-per-class 2 --num-val-per-class 1'
    root = tmp_path / 'shapes'
    written = run(tools / 'shapes.py', root, *options.split())
    assert written.returncode == 0, written.stderr
    line = f'{root}: 72 train and 36 val images of 36 classes'
    assert written.stdout.splitlines()[-1] == line
    write_shapes(root, **TINY, progress=never)
    grey = tmp_path / 'grey'
    look = '--grey', '--texture-scale', '1.5', '--min-radius', '0.2'
    written = run(tools / 'shapes.py', grey, *options.split(), *look)
    assert written.returncode == 0, written.stderr
    look = dict(grey=True, texture_scale=1.5, min_radius=0.2)
    write_shapes(grey, **TINY, **look, progress=never)

    for tool, used in (('digits.py', shapes), ('shapes.py', digits)):
        failed = run(tools / tool, used)
        assert failed.returncode == 1
        assert failed.stderr.startswith(f'error: {used} is in use')
        assert failed.stderr.count('\n') == 1


def test_neither_torch_nor_mmengine_is_needed():
    code = (
        'import sys, hirl_mm\n'
        'before = set(sys.modules)\n'
        'import hirl_mm.datasets.toy, hirl_mm.datasets.taxonomy.hierarchy\n'
        'new = set(sys.modules) - before\n'
        'sys.exit(str(new & {"torch", "mmengine", "sklearn"} or ""))\n'
    )
    result = run('-c', code)
    assert result.stderr.strip() == '', result.stderr

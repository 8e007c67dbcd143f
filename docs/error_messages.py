"""The page of all error messages, from the source of the package and tools.

``docs/build_site.py`` writes it, so that a search of the site for the words
of an error finds where it is raised.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FOLDERS = 'hirl_mm', 'tools'
# What an exception is called, beside the names that end in Error.
_RAISED = re.compile(r'Error$|^StoppedBySignal$')
_INTRODUCTION = """# All error messages

Every message that the package and its tools can raise, by folder and module;
`…` stands for what is filled in. [Errors and their causes](troubleshooting.md)
is about what has no message, or needs more words than one.
"""


def error_page(root: Path = ROOT) -> str:
    """Return the page, in Markdown.

    Args:
        root: Folder that has ``hirl_mm`` and ``tools``.
    """
    groups = defaultdict(lambda: defaultdict(list))
    for module, found in error_messages(root).items():
        folder = '/'.join(module.split('/')[:2])
        group = folder if not folder.endswith('.py') else module.split('/')[0]
        groups[group][module] += found
    lines = [_INTRODUCTION]
    for group, modules in groups.items():
        lines.append(f'## `{group}`\n')
        for module, found in modules.items():
            lines.append(f'**`{module}`**\n')
            lines += [f'- {kind}: {_code(text)}' for kind, text in found]
            lines.append('')
    return '\n'.join(lines)


def error_messages(root: Path = ROOT) -> dict[str, list[tuple[str, str]]]:
    """Return the messages of all modules.

    Args:
        root: Folder that has ``hirl_mm`` and ``tools``.

    Returns:
        Names of exceptions with their messages, in the order of the source,
        by the path of the module in the folder; values that a message is
        filled with are ``…``. ``parser.error`` of a tool is a
        ``command line`` error.
    """
    trees = {
        path.relative_to(root).as_posix(): ast.parse(path.read_text())
        for folder in _FOLDERS
        for path in sorted((root / folder).rglob('*.py'))
        if '.mim' not in path.parts
    }
    functions = {
        node.name: node
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }
    found = {}
    for module, tree in trees.items():
        texts = dict.fromkeys(_of_module(tree, functions))
        if texts:
            found[module] = list(texts)
    return found


def _of_module(tree: ast.Module, functions: dict) -> Iterator:
    assigned = _assigned(tree.body)
    for call, around in _calls(tree, ()):
        kind = _kind(call, around)
        if kind is None:
            continue
        inside = [f for f in around if isinstance(f, ast.FunctionDef)]
        names = assigned | (_assigned(ast.walk(inside[-1])) if inside else {})
        for text in _texts(call.args[0], names, functions):
            if re.search(r'[a-z] ', text):
                yield kind, text


def _calls(node: ast.AST, around: tuple) -> Iterator:
    """Calls with arguments, and the classes and functions around each."""
    if isinstance(node, ast.Call) and node.args:
        yield node, around
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        around = (*around, node)
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, around)


def _kind(call: ast.Call, around: tuple) -> str | None:
    """Name of the exception that a call makes, None for other calls."""
    called = ast.unparse(call.func)
    if called == 'parser.error':
        return 'command line'
    if called == 'super().__init__':
        classes = [c.name for c in around if isinstance(c, ast.ClassDef)]
        called = classes[-1]
    name = called.rpartition('.')[2]
    return name if _RAISED.search(name) else None


def _assigned(nodes) -> dict[str, ast.expr]:
    """Values that names are given, the first of several."""
    values = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(
            node.targets[0], ast.Name
        ):
            values.setdefault(node.targets[0].id, node.value)
    return values


def _texts(node: ast.expr, names: dict, functions: dict) -> list[str]:
    """All forms that the text of an expression can have."""
    if isinstance(node, ast.Constant):
        return [str(node.value or '')]
    if isinstance(node, ast.JoinedStr):
        parts = [_texts(value, {}, {}) for value in node.values]
        return [''.join(part[0] for part in parts)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [
            left + right
            for left in _texts(node.left, names, functions)
            for right in _texts(node.right, names, functions)
        ]
    if isinstance(node, ast.IfExp):
        return [
            text
            for part in (node.body, node.orelse)
            for text in _texts(part, names, functions)
        ]
    if isinstance(node, ast.Name) and node.id in names:
        rest = {k: v for k, v in names.items() if k != node.id}
        return _texts(names[node.id], rest, functions)
    if isinstance(node, ast.Call):
        return _of_call(node, names, functions)
    return ['…']


def _of_call(node: ast.Call, names: dict, functions: dict) -> list[str]:
    if isinstance(node.func, ast.Attribute):
        if node.func.attr in ('format', 'rstrip', 'strip'):
            texts = _texts(node.func.value, names, functions)
            return [re.sub(r'{\w*}', '…', text) for text in texts]
        return ['…']
    function = functions.get(ast.unparse(node.func))
    if function is None:
        return ['…']
    rest = {k: v for k, v in functions.items() if v is not function}
    inside = _assigned(ast.walk(function))
    return [
        text
        for returned in ast.walk(function)
        if isinstance(returned, ast.Return) and returned.value is not None
        for text in _texts(returned.value, inside, rest)
    ]


def _code(text: str) -> str:
    """Code of Markdown on one line, which is shown as it is."""
    return f'`` {" ".join(text.split())} ``'

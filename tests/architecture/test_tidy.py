"""The house rules on size and words, held by a test."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTION_LINES_MAX = 50
MODULE_LINES_MAX = 300
SHELL_LINES_MAX = 150
LINE_MAX = 100


def sources() -> list[Path]:
    packages = ("protocol", "supervision", "actors", "web", "ops")
    found = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    return [ROOT / "start.py", *sorted(found)]


def too_large(path: Path) -> Iterator[str]:
    """Yield what of a module is beyond a size, undescribed or not annotated."""
    text = path.read_text()
    lines = text.splitlines()
    limit = SHELL_LINES_MAX if path.parent.name == "actors" else MODULE_LINES_MAX
    if len(lines) > limit:
        yield f"{path} has {len(lines)} lines, at most {limit}"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_MAX:
            yield f"{path}:{number} has {len(line)} characters"
    tree = ast.parse(text)
    if not ast.get_docstring(tree):
        yield f"{path} has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.end_lineno - node.lineno >= FUNCTION_LINES_MAX:
                yield f"{path}:{node.lineno}: {node.name} is too long"
            if node.returns is None:
                yield f"{path}:{node.lineno}: {node.name} -> ?"


def untidy(path: Path) -> Iterator[str]:
    """Yield where a module feels around for something or changes a global."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Global):
            yield f"{path}:{node.lineno}: global"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "hasattr":
                yield f"{path}:{node.lineno}: hasattr"
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"{path}:{node.lineno}: bare except"


def test_every_module_keeps_to_the_sizes_and_is_annotated():
    assert len(sources()) > 100
    assert [found for path in sources() for found in too_large(path)] == []


def test_no_module_feels_around_for_anything_or_changes_a_global():
    assert [found for path in sources() for found in untidy(path)] == []

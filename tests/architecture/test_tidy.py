"""The house rules on size and words, held by a test."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUNCTION_LINES_MAX = 50
MODULE_LINES_MAX = 300
SHELL_LINES_MAX = 150
LINE_MAX = 100


def sources() -> list[Path]:
    packages = ("protocol", "supervision", "actors", "web", "ops")
    found = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    return [ROOT / "start.py", *sorted(found)]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_keeps_to_the_sizes_and_is_annotated(path):
    text = path.read_text()
    lines = text.splitlines()
    limit = SHELL_LINES_MAX if path.parent.name == "actors" else MODULE_LINES_MAX
    assert len(lines) <= limit, f"{path} has {len(lines)} lines, at most {limit}"
    for number, line in enumerate(lines, 1):
        assert len(line) <= LINE_MAX, f"{path}:{number} has {len(line)} characters"
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{path} has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < FUNCTION_LINES_MAX, f"{path}:{node.lineno}"
            assert node.returns is not None, f"{path}:{node.lineno}: {node.name} -> ?"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_feels_around_for_nothing_and_changes_no_global(path):
    for node in ast.walk(ast.parse(path.read_text())):
        assert not isinstance(node, ast.Global), f"{path}:{node.lineno}: global"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "hasattr", f"{path}:{node.lineno}: hasattr"
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{path}:{node.lineno}: bare except"

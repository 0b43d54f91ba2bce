"""Collects the codes of all findings and problems from the source of the modules that raise them: none can be forgotten."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

# Who makes a finding, and the position of its code where that is not given by name. A `-` has its code by name only.
MAKERS: dict[str, int | str] = {
    "Finding": "-",
    "Precheck": "-",
    "PrivacyCheck": "-",
    "Problem": "-",
    "_Oddity": "-",
    "Misfit": 0,
    "blocking": 0,
    "_finding": 1,
    "_missing": "-",
    "_report": 1,
}
# frictionless decides these; validators/error_words.py puts them into words.
TABLE_ERRORS = "error_words.py"


@dataclass(frozen=True, slots=True, order=True)
class Code:
    """One code with its weight, if the place that makes it fixes one, and its sentence; `…` stands for what varies."""

    code: str
    weight: str
    de: str
    en: str


def collect(*files: str) -> list[Code]:
    """List the codes that modules make, each once."""
    found: dict[str, Code] = {}
    for name in files:
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        for code in _codes(tree):
            found.setdefault(code.code, code)
    return sorted(found.values())


def table_errors() -> list[str]:
    """List the kinds of frictionless errors that have sentences of their own."""
    tree = ast.parse((ROOT / "validators" / TABLE_ERRORS).read_text(encoding="utf-8"))
    function = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "words")
    values = (
        node for case in ast.walk(function) if isinstance(case, ast.match_case) for node in ast.walk(case.pattern)
    )
    return sorted(
        node.value.value
        for node in values
        if isinstance(node, ast.MatchValue)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _codes(tree: ast.AST) -> Iterator[Code]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        maker = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if maker not in MAKERS or (code := _code(node, MAKERS[maker])) is None:
            continue
        weight = "blocks" if maker in ("blocking", "PrivacyCheck") else _weight(node)
        de, en = _sentence(node)
        yield Code(code, weight, de, en)


def _code(node: ast.Call, position: int | str) -> str | None:
    value = next((keyword.value for keyword in node.keywords if keyword.arg == "code"), None)
    if value is None and isinstance(position, int) and len(node.args) > position:
        value = node.args[position]
    if not isinstance(value, ast.Constant | ast.JoinedStr):
        return None
    text = _text(value)
    return text or None


def _weight(node: ast.Call) -> str:
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "Severity":
            return part.attr.lower()
    return ""


def _sentence(node: ast.Call) -> tuple[str, str]:
    what = next((keyword.value for keyword in node.keywords if keyword.arg == "what"), None)
    for part in ast.walk(node if what is None else what):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "Message":
            de, en = (_text(value) for value in part.args[:2])
            return de, en
    return "", ""


def _text(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    if isinstance(value, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in value.values).strip()
    if isinstance(value, ast.IfExp):
        return _text(value.body)
    return "…"

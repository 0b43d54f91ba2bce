"""JSON document <-> Dataset: the form in which datasets are stored and shown. Exact in both directions."""

from typing import Any

from dcat.errors import UnreadableError
from dcat.kinds import TextKind
from dcat.message import Message
from dcat.model import Dataset, Distribution, Problem, Text
from dcat.profile import Class, profile


def write(dataset: Dataset) -> dict[str, Any]:
    """Write a dataset as JSON values; what is missing is left out."""
    return _write(dataset)


def read(document: dict[str, Any]) -> Dataset:
    """Read a dataset back; UnreadableError when the document is not one of ours."""
    try:
        dataset = _read(profile()["Dataset"], document)
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(
            Message(f"Kein Datensatz-Dokument: {error}", f"Not a dataset document: {error}")
        ) from error
    assert isinstance(dataset, Dataset), "the class of the table makes datasets"
    return dataset


def write_distribution(distribution: Distribution) -> dict[str, Any]:
    """Write one distribution by itself."""
    return _write(distribution)


def read_distribution(document: dict[str, Any]) -> Distribution:
    """Read one distribution back."""
    distribution = _read(profile()["Distribution"], document)
    assert isinstance(distribution, Distribution), "the class of the table makes distributions"
    return distribution


def write_problem(problem: Problem) -> dict[str, str]:
    """Write a problem as JSON values."""
    message = problem.message
    return {"path": problem.path, "code": problem.code, "value": problem.value, "de": message.de, "en": message.en}


def write_text(texts: tuple[Text, ...]) -> list[dict[str, str]]:
    """Write language-tagged texts."""
    return [{"value": text.value, "lang": text.lang} for text in texts]


def _write(node: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"uri": node.uri} if node.uri else {}
    for prop in profile()[type(node).__name__].properties:
        value = getattr(node, prop.field)
        if not value and value != 0:
            continue
        if isinstance(prop.kind, TextKind):
            document[prop.field] = write_text(value)
        elif prop.kind is None:
            document[prop.field] = [_write(one) for one in value] if prop.many else _write(value)
        else:
            document[prop.field] = list(value) if prop.many else value
    return document


def _read(cls: Class, document: dict[str, Any]) -> Any:
    values: dict[str, Any] = {"uri": document.get("uri", "")}
    for prop in cls.properties:
        if prop.field not in document:
            continue
        value = document[prop.field]
        if isinstance(prop.kind, TextKind):
            values[prop.field] = tuple(Text(text["value"], text["lang"]) for text in value)
        elif prop.kind is None:
            child = profile()[prop.node]
            values[prop.field] = tuple(_read(child, one) for one in value) if prop.many else _read(child, value)
        else:
            values[prop.field] = tuple(value) if prop.many else value
    return cls.maker(**values)

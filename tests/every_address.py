"""Every address of an application that can be asked for by GET, filled with names that a test chooses."""

import itertools
import re
from collections.abc import Iterator, Sequence

from flask import Flask
from werkzeug.routing import Rule

# Of one rule with several arguments.
MOST = 40
_FORMS = {"ending": ["ttl", "rdf", "jsonld", "nt"], "form": ["json", "csv", "html", "pdf"]}


def addresses(app: Flask, ids: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Fill every rule: `ids` where only a UUID fits, `names` where anything does."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        arguments = sorted(rule.arguments)
        choices = [_choices(rule, argument, ids, names) for argument in arguments]
        for values in itertools.islice(itertools.product(*choices), MOST):
            yield _built(rule, dict(zip(arguments, values, strict=True)))


def _choices(rule: Rule, argument: str, ids: Sequence[str], names: Sequence[str]) -> Sequence[str]:
    converter = rule._converters[argument]
    kind = type(converter).__name__
    if kind == "UUIDConverter":
        return ids
    if kind == "AnyConverter":
        return sorted(converter.items)  # type: ignore[attr-defined]
    if kind == "IntegerConverter":
        return ["1", "2"]
    return _FORMS.get(argument, names)


def _built(rule: Rule, values: dict[str, str]) -> str:
    path = rule.rule
    for name, value in values.items():
        path = re.sub(rf"<(?:[^<>]*:)?{re.escape(name)}>", lambda _, value=value: value, path)
    return path

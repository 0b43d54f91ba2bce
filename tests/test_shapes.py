"""Our shapes against our gate and against the official shapes, property by property, on descriptions with one defect each."""

import functools
from collections.abc import Iterator
from pathlib import Path

import builders
import complete
import mutants
import pyoxigraph as ox
import pytest
from mutants import Mutant
from shared_files import shared

from dcat import rdf, shapes
from dcat.kinds import KINDS
from dcat.profile import DEFAULT, READ_ONLY, RELEASES, profile
from dcat.vocabularies import vocabulary
from validators import metadata, shacl
from validators.report import Severity
from validators.shacl import Combination, Engine, ShaclResult, ShaclSeverity

DOCS = Path(__file__).parent.parent / "docs" / "dcat.md"
ALL = "*"
PYSHACL, RUDOF = Engine
# What our shapes find and the official ones do not, by sort of defect. Nothing else differs; docs/dcat.md shows this table.
UNSEEN: dict[str, tuple[str, dict[Combination, str]]] = {
    "empty": ("an empty text is a text to them", {Combination.GERMAN: ALL, Combination.EUROPEAN: ALL}),
    "language-twice": ("no rule on languages", {Combination.GERMAN: ALL, Combination.EUROPEAN: ALL}),
    "untyped": ("a date as plain text passes", {Combination.GERMAN: ALL, Combination.EUROPEAN: ALL}),
}
"""

"""

"""What a host's robots.txt asks of programs (RFC 9309). Read within limits; no line can break or slow the reading."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

# The name by which rules address us, the first word of the agent (catalog/instance.py).
AGENT = "offenbar"
# The types of sources whose pages are made for people; whoever offers an interface to programs has agreed to be read.
LISTINGS = ("files",)
# RFC 9309, 2.5: at least 500 kB are read.
LARGEST = 500_000
_MOST_LINES = 5000
_LONGEST_LINE = 2000
_DELAY = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line that allows or forbids paths; `number` is where it stands in the file, from 1."""

    allow: bool
    pattern: str
    number: int
    line: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that concern us, and how many seconds should lie between two requests."""

    rules: tuple[Rule, ...] = ()
    delay: float = 0.0

    def forbidding(self, target: str) -> Rule | None:
        """Give the line that forbids a path with its query, or None: the longest match decides, and Allow where two are equally long."""
        if target.partition("?")[0] == "/robots.txt":
            return None
        path = _plain(target)
        best: Rule | None = None
        for rule in self.rules:
            longer = best is None or (len(rule.pattern), rule.allow) > (len(best.pattern), best.allow)
            if longer and _matches(rule.pattern, path):
                best = rule
        return None if best is None or best.allow else best


def read_robots(body: bytes) -> Rules:
    """Read the group for us, or else the one for all; groups of the same name count as one (RFC 9309, 2.2.1)."""
    ours: list[Rule] = []
    others: list[Rule] = []
    delays: dict[str, float] = {}
    named: set[str] = set()
    addressed = False
    met_us = False
    # A line cut in the middle would forbid more than it says.
    whole = body if len(body) <= LARGEST else body[:LARGEST].rpartition(b"\n")[0]
    for number, line in enumerate(whole.decode("utf-8-sig", "replace").splitlines()[:_MOST_LINES], 1):
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon or len(line) > _LONGEST_LINE:
            continue
        if key == "user-agent":
            named = named if addressed else set()
            addressed = True
            named.add("us" if value.lower().partition("/")[0].strip() == AGENT else "all" if value == "*" else "")
            met_us = met_us or "us" in named
            continue
        addressed = False
        if key in ("allow", "disallow") and value:
            rule = Rule(key == "allow", _plain(value), number, line.strip()[:100])
            if "us" in named:
                ours.append(rule)
            if "all" in named:
                others.append(rule)
        elif key == "crawl-delay" and _DELAY.fullmatch(value):
            for name in named:
                delays.setdefault(name, float(value))
    return Rules(tuple(ours if met_us else others), delays.get("us" if met_us else "all", 0.0))


def _plain(text: str) -> str:
    """Bring a path into the form in which two spellings of the same are the same."""
    return unquote_to_bytes(text).decode("latin-1")


def _matches(pattern: str, path: str) -> bool:
    """Tell whether a path begins as a pattern says; `*` stands for anything, `$` at its end for the end."""
    anchored = pattern.endswith("$")
    first, *parts = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not parts:
        return not anchored or at == len(path)
    for part in parts[:-1]:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    if anchored:
        return path.endswith(parts[-1]) and len(path) - len(parts[-1]) >= at
    return path.find(parts[-1], at) >= 0

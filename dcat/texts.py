"""Choosing among language-tagged texts: what a reader of one language should see."""

from dcat.model import Text


def best(texts: tuple[Text, ...], lang: str = "de") -> str:
    """Choose the text in a language, else untagged, else German, else English, else any; empty when there is none."""
    for wanted in (lang, "", "de", "en"):
        for text in texts:
            if text.lang.split("-")[0].lower() == wanted:
                return text.value
    return texts[0].value if texts else ""


def by_language(texts: tuple[Text, ...]) -> dict[str, str]:
    """Give the first text of each language; untagged text counts as German."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(text.lang or "de", text.value)
    return found

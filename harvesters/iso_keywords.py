"""Keywords of ISO 19139 and what they mean beyond words: themes, categories of high-value datasets, the level of administration."""

from collections.abc import Iterator
from typing import Any

from dcat.model import Text
from dcat.spellings import find
from harvesters import iso_themes
from harvesters.iso_values import Languages, each, href, plain, text
from harvesters.stated import MAX_WORD

_LEVEL = "http://dcat-ap.de/def/politicalGeocoding/Level"
_SCOPES = {"national": "federal", "european": "european", "global": "international"}


def keywords(about: Any, languages: Languages) -> tuple[Text, ...]:
    """List all keywords, each once, in the languages they are given in."""
    words = (Text(word.value[:MAX_WORD], word.lang) for one in _keywords(about) for word in languages.texts(one))
    return tuple(dict.fromkeys(words))


def _keywords(about: Any) -> Iterator[Any]:
    return each(about, "descriptiveKeywords/MD_Keywords/keyword")


def themes(about: Any) -> tuple[str, ...]:
    """Give the data themes of the EU that are stated as such, or that INSPIRE themes and topic categories mean."""
    found: list[str] = []
    for group in each(about, "descriptiveKeywords/MD_Keywords"):
        inspire = "inspire" in text(group, "thesaurusName/CI_Citation/title").lower()
        for one in each(group, "keyword"):
            link = href(one)
            if "/data-theme/" in link and (concept := find(link, "theme")):
                found.append(concept.uri)
            elif inspire or "inspire" in link:
                found.append(iso_themes.of_inspire(plain(one), link))
    found += [iso_themes.of_topic(plain(one)) for one in each(about, "topicCategory")]
    return tuple(dict.fromkeys(theme for theme in found if theme))


def hvd_categories(about: Any) -> tuple[str, ...]:
    """Give the categories of high-value datasets: by address, or by name in a thesaurus of that name."""
    found: list[str] = []
    for group in each(about, "descriptiveKeywords/MD_Keywords"):
        thesaurus = text(group, "thesaurusName/CI_Citation/title").lower()
        named = any(word in thesaurus for word in ("high-value", "high value", "hochwertig", "hvd"))
        for one in each(group, "keyword"):
            spelling = href(one) if "/bna/" in href(one) else plain(one) if named or "/bna/c_" in plain(one) else ""
            concept = find(spelling, "hvd-category") if spelling else None
            if concept:
                found.append(concept.uri)
    return tuple(dict.fromkeys(found))


def scopes(about: Any) -> tuple[str, ...]:
    """Give the levels of INSPIRE's spatial scope that have one meaning in Germany; »regional« and »local« have several."""
    found = (href(one) for one in _keywords(about))
    names = (link.rpartition("/")[2].lower() for link in found if "/SpatialScope/" in link)
    return tuple(f"{_LEVEL}/{_SCOPES[name]}" for name in names if name in _SCOPES)

"""Actions of our own around publishing a dataset: the list for those who work on it, what would become public, taking it back."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from catalog import audit, desk, desk_rows, desk_source, listing, store
from catalog.api.actions import datasets_write, packages
from catalog.api.actions.call import Action, Argument, Call, denied, invalid
from catalog.holders import INTERNAL
from catalog.layers import RULES, Layered, layered
from catalog.models import Organization
from dcat import document, fit
from dcat.message import Message
from dcat.model import Dataset
from dcat.states import DRAFT
from validators import metadata

_LONGEST_VALUE = 300
_LONGEST_REASON = 500


def offenbar_dataset_list(call: Call) -> list[dict[str, Any]]:
    """List datasets by id with their state: the public ones, and what whoever asks may read beyond that."""
    found = listing.page(
        call.session,
        call.actor,
        city=call.text("city"),
        organization=call.text("organization"),
        after=call.text("after"),
        limit=call.number("limit", listing.PAGE, listing.PAGE),
    )
    return [dataclasses.asdict(one) for one in found]


def offenbar_dataset_preview(call: Call) -> dict[str, Any]:
    """Show what would become public of a dataset: its files, what we would add, and what the check of the description finds."""
    row = packages.editable(call.session, call, call.required("id"))
    call.etag = packages.etag(row)
    package = packages.written(call, [row])[row.id]
    organization = call.session.get_one(Organization, row.organization_id)
    source = desk_source.definition(organization, call.instance.config)
    city = desk_source.city(call.instance.config, source)
    dataset = desk.described(call.instance, row)
    shown = layered(dataset, source, city, ours=desk_source.covers_city(source, city))
    fitted = fit.fit(shown.dataset)
    findings = metadata.check(fitted.dataset)
    return {
        "id": row.id,
        "name": row.name,
        "title": package["title"],
        "organization": "" if organization.state == INTERNAL else organization.name,
        "url": f"{call.instance.config.site_url}/dataset/{row.name}",
        "public": desk_rows.holding(row).public,
        "files": [_file(resource) for resource in package["resources"]],
        "computed": list(_computed(shown, fitted.dataset)),
        "findings": [
            {
                "severity": str(finding.severity),
                "code": finding.code,
                "field": finding.field,
                "what": dataclasses.asdict(finding.what),
                "fix": dataclasses.asdict(finding.fix),
            }
            for finding in findings
        ],
        "problems": [document.write_problem(problem) for problem in fitted.problems],
        "blocked": metadata.blocks(findings),
    }


def offenbar_dataset_withdraw(call: Call) -> dict[str, Any]:
    """Take a dataset out of the public, with the reason; its department still sees it, and may publish it again."""
    datasets_write.require_account(call)
    wanted, reason = call.required("id"), call.required("reason").strip()
    if not reason or len(reason) > _LONGEST_REASON:
        raise invalid(reason=f"Must be 1 to {_LONGEST_REASON} characters long")
    if desk_rows.find(call.session, wanted) is None and (public := store.find_row(call.session, wanted)):
        raise denied(
            f"this dataset comes from the source {public.source_id}; what is withheld of a source stands in the policy of its city"
        )
    shown = datasets_write.change(call, wanted, _hidden, "dataset.withdraw")
    with call.writing() as session:
        audit.note(session, call.actor, "dataset.withdraw", shown["id"], shown["name"], reason=reason)
    return shown


def _hidden(before: Any) -> Any:
    # What belongs to no organisation cannot be private: nobody would see it.
    return dataclasses.replace(before, private=True) if before.owner_org else dataclasses.replace(before, state=DRAFT)


def _file(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": resource["id"],
        "name": resource["name"] or "",
        "format": resource["format"],
        "url": resource["url"],
        "size": resource["size"],
        "uploaded": resource["url_type"] == "upload",
    }


def _computed(shown: Layered, dataset: Dataset) -> Iterator[dict[str, str]]:
    """Name what we would add, with the rule; the languages of texts, which have no value of their own, are left out."""
    values = document.write(dataset)
    for origin in shown.origins:
        if origin.layer == "computed" and (value := _value(values, origin.field)):
            rule = RULES[origin.rule]
            yield {"field": origin.field, "value": value[:_LONGEST_VALUE], "de": rule.de, "en": rule.en}


def _value(values: Mapping[str, Any], field: str) -> str:
    """Write the value of a field, or those of a field of the distributions, for people."""
    name = field.removeprefix("distribution.")
    if name == field:
        return _short(values.get(field))
    return ", ".join(sorted({_short(one.get(name)) for one in values.get("distribution", ())} - {""}))


def _short(value: Any) -> str:
    """Write a value for people: of texts in several languages the first, of something with a name its name."""
    if isinstance(value, list):
        texts = [one["value"] for one in value if isinstance(one, dict) and "value" in one]
        return texts[0] if texts else ", ".join(map(_short, value))
    if isinstance(value, dict):
        return _short(value.get("name") or value.get("label") or value.get("uri"))
    return "" if value is None else str(value)


ACTIONS: Mapping[str, Action] = {
    "offenbar_dataset_list": Action(
        offenbar_dataset_list,
        Message("Datensätze mit ihrem Zustand, nach Kennung", "datasets with their state, by id"),
        (
            Argument("city", "string", Message("nur diese Kommune", "this city only")),
            Argument("organization", "string", Message("nur diese Organisation", "this organisation only")),
            Argument("after", "string", Message("ab dem nach dieser Kennung", "from the one behind this id on")),
            Argument("limit", "integer", Message("höchstens so viele", "at most so many")),
        ),
        example={"limit": 2},
    ),
    "offenbar_dataset_preview": Action(
        offenbar_dataset_preview,
        Message("was von einem Datensatz öffentlich würde", "what would become public of a dataset"),
        (Argument("id", "string", Message("Kennung oder Name", "id or name"), required=True),),
    ),
    "offenbar_dataset_withdraw": Action(
        offenbar_dataset_withdraw,
        Message("Datensatz aus der Öffentlichkeit nehmen", "take a dataset out of the public"),
        (
            Argument("id", "string", Message("Kennung oder Name", "id or name"), required=True),
            Argument("reason", "string", Message("warum", "why"), required=True),
        ),
        writes=True,
    ),
}

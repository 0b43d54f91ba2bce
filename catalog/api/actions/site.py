"""CKAN's actions about the site itself: licences, status, help, settings, and what there is nothing of here, answered empty."""

from collections.abc import Callable, Mapping
from typing import Any

from catalog import access
from catalog.api.actions import following
from catalog.api.actions.call import Action, Argument, Call, denied, impossible, invalid, not_found
from catalog.instance import program_version
from dcat import ckan
from dcat.message import Message

# Clients choose parameters by it.
CKAN_VERSION = "2.11.0"


def license_list(call: Call) -> list[dict[str, Any]]:
    """List the licences by GovData's short forms."""
    return ckan.licenses()


def status_show(call: Call) -> dict[str, Any]:
    """Show what this site is."""
    config = call.instance.config
    return {
        "site_title": config.title.de,
        "site_description": config.description.de,
        "site_url": config.site_url,
        "ckan_version": CKAN_VERSION,
        "offenbar_version": program_version(),
        "error_emails_to": None,
        "locale_default": "de",
        "extensions": [],
    }


def site_read(call: Call) -> bool:
    """Say that the site may be read: older clients ask."""
    return True


def config_option_list(call: Call) -> list[str]:
    """List the settings that `config_option_show` shows, for administrators."""
    _require_administrator(call)
    return sorted(_options(call))


def config_option_show(call: Call) -> Any:
    """Show one setting by CKAN's name, for administrators; nothing secret is among them."""
    _require_administrator(call)
    options, key = _options(call), call.required("key")
    if key not in options:
        raise invalid(key="This configuration option is not shown here")
    return options[key]


def config_option_update(call: Call) -> None:
    """Refuse: settings stand in the configuration file."""
    _require_administrator(call)
    raise impossible("Settings stand in offenbar.yaml, not in the database")


def help_show(actions: Callable[[], Mapping[str, Action]]) -> Callable[[Call], str]:
    """Make the action that explains the actions; `actions` gives them all when it is called."""

    def show(call: Call) -> str:
        name = call.required("name")
        found = actions().get(name)
        if found is None:
            raise not_found(name)
        lines = [found.about.en, found.about.de]
        for one in found.arguments:
            need = "required" if one.required else "optional"
            lines.append(f":param {one.name}: {one.about.en} / {one.about.de} ({one.type}, {need})")
        return "\n".join(lines)

    return show


def help_action(actions: Callable[[], Mapping[str, Action]]) -> Action:
    """Make `help_show` for the dictionary of all actions."""
    argument = Argument("name", "string", Message("Name der Aktion", "name of the action"), required=True)
    about = Message("Eine Aktion erklären.", "Explain an action.")
    return Action(help_show(actions), about, (argument,), example={"name": "package_search"})


def _require_administrator(call: Call) -> None:
    if not access.may_oversee(call.actor):
        raise denied("only an administrator of the site may do this")


def _options(call: Call) -> dict[str, Any]:
    config = call.instance.config
    return {
        "ckan.site_title": config.title.de,
        "ckan.site_description": config.description.de,
        "ckan.site_url": config.site_url,
        "ckan.locale_default": "de",
        "ckan.auth.create_unowned_dataset": config.ckan_unowned_datasets,
        "ckan.auth.allow_dataset_collaborators": config.ckan_collaborators,
        "ckan.auth.allow_admin_collaborators": config.ckan_admin_collaborators,
        "ckan.auth.user_create_organizations": False,
        "ckan.auth.user_create_groups": False,
    }


def _answer(value: Any) -> Callable[[Call], Any]:
    return lambda call: value


def _missing(call: Call) -> Any:
    call.required("id")
    raise not_found()


def _not_kept(value: Any) -> Callable[[Call], Any]:
    """Answer a write that changes nothing, to somebody who is known."""

    def answer(call: Call) -> Any:
        if not call.actor.known:
            raise denied("this needs the token of an account")
        return value

    return answer


_ID = Argument("id", "string", Message("Kennung oder Name", "id or name"))
_TASKS = Message("Aufgaben führt der Katalog selbst: keine.", "The catalogue keeps tasks by itself: none.")
_TERMS = Message("Übersetzungen stehen in den Datensätzen: keine.", "Translations stand in the datasets: none.")
_UNKEPT = Message("Wird angenommen und nicht aufbewahrt.", "Is accepted and not kept.")
_UNKEPT_ACTIONS: Mapping[str, Any] = {
    "task_status_update": {},
    "task_status_update_many": {"results": []},
    "task_status_delete": None,
    "term_translation_update": {},
    "term_translation_update_many": {"success": "0 rows updated"},
}

ACTIONS: Mapping[str, Action] = {
    "license_list": Action(license_list, Message("Die Lizenzen.", "The licences."), example={}),
    "status_show": Action(status_show, Message("Was diese Website ist.", "What this site is."), example={}),
    "site_read": Action(
        site_read, Message("Ob die Website gelesen werden darf: ja.", "Whether the site may be read: yes."), example={}
    ),
    "config_option_list": Action(
        config_option_list,
        Message("Die Namen der Einstellungen; nur Administratoren.", "The names of settings; administrators only."),
    ),
    "config_option_show": Action(
        config_option_show,
        Message("Eine Einstellung; nur Administratoren.", "One setting; administrators only."),
        (Argument("key", "string", Message("Name der Einstellung bei CKAN", "CKAN's name of it"), required=True),),
    ),
    "config_option_update": Action(
        config_option_update,
        Message("Einstellungen stehen in offenbar.yaml (409).", "Settings stand in offenbar.yaml (409)."),
        writes=True,
    ),
    **following.ACTIONS,
    "task_status_show": Action(_missing, _TASKS, (_ID,)),
    "term_translation_show": Action(_answer([]), _TERMS, example={}),
    **{name: Action(_not_kept(value), _UNKEPT, writes=True) for name, value in _UNKEPT_ACTIONS.items()},
}

"""The holes that CKAN had since 2021, row by row of the security table: each is tried on the real application over HTTP.

Rows in their order. Where another module holds a row already, the test here names it and tries the way that only the Action API has.
Row (a) to (g) are what one later version of CKAN changed without an advisory.
"""

import dataclasses
import io
import logging
import resource
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import action_api
import desks
import every_address
import homes
import planted
import pytest
import source_site
import sqlalchemy as sa
from action_api import Caller, People
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planted import BODY, WORD

from catalog import config, link_checks, search, tokens, triples
from catalog.access import Capacity
from catalog.api.action import ACTIONS
from catalog.app import create_app
from catalog.db import Database, now
from catalog.instance import Instance
from catalog.models import Link
from catalog.models_accounts import Account
from dcat.errors import ConfigError
from dcat.vocabularies import vocabulary

PASSWORD = "Linde-2026-Allee"
ACTIVE_SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>{WORD}</script></svg>'.encode()


class Attacked:
    """A catalogue whose every text was written by somebody who means harm."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.people: People = action_api.people(instance)
        admin = self.people.admin
        self.office = self.people.office("amt", title=f"Amt {BODY}", description=planted.MARKDOWN)
        group = {"name": "gruppe", "title": f"Gruppe {BODY}", "description": planted.MARKDOWN}
        self.group = admin.result("group_create", **group)["id"]
        self.dataset = admin.result(
            "package_create",
            name="baeume",
            title=f"Bäume {BODY}",
            notes=f"{BODY}\n\n{planted.MARKDOWN}",
            owner_org=self.office,
            groups=[{"id": self.group}],
            author=BODY,
            maintainer=BODY,
            version=BODY[:90],
            tags=[{"name": "Linde"}],
            extras=[{"key": BODY[:90], "value": BODY}, {"key": "publisher_name", "value": BODY}],
        )["id"]
        linked = {"url": "https://example.org/a?x=%22%3E%3Cscript%3E", "name": BODY, "description": planted.MARKDOWN}
        self.link = admin.result("resource_create", package_id=self.dataset, format=BODY[:50], **linked)["id"]
        table = f'"{planted.CELL}","{planted.CELL}2"\n' + f'"{planted.CELL}","{planted.CELL}"\n' * 3
        self.table = admin.upload("resource_create", "t.csv", table.encode(), package_id=self.dataset, name=BODY)["id"]
        self.svg = admin.upload("resource_create", "b<b>.svg", ACTIVE_SVG, package_id=self.dataset, format="SVG")["id"]
        self.html = admin.upload("resource_create", "b.html", b"<script>1</script>", package_id=self.dataset)["id"]
        desks.check_files(instance)
        search.catch_up(instance)
        triples.catch_up(instance)

    @property
    def client(self) -> FlaskClient:
        return create_app(self.instance).test_client()

    def addresses(self) -> list[str]:
        ids = [self.dataset, self.table, self.link, self.svg]
        return list(every_address.addresses(create_app(self.instance), ids, ["baeume", *ids, "amt", "gruppe", "t.csv"]))


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    with homes.home(tmp_path_factory.mktemp("attacked") / "home") as instance:
        yield Attacked(instance)


@pytest.fixture
def people(instance: Instance) -> People:
    return action_api.people(instance)


def files_of(attacked: Attacked) -> Iterator[tuple[str, str]]:
    for file, name in ((attacked.svg, "b.svg"), (attacked.html, "b.html"), (attacked.table, "t.csv")):
        yield file, f"/dataset/{attacked.dataset}/resource/{file}/download/{name}"


# CVE-2021-25967 and CVE-2025-24372: scripts in pictures


def test_cve_2021_25967_nothing_in_an_uploaded_file_runs(attacked: Attacked) -> None:
    """test_downloads.test_nothing_in_it_runs says the same of harvested files."""
    answers = [attacked.client.get(path, headers=attacked.people.admin.headers) for _, path in files_of(attacked)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    for answer in answers:
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox;")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:image/svg+xml,<svg onload=alert(1)>",
        "\x01javascript:alert(1)",
        "vbscript:x",
        "x.svg",
        "../x.svg",
        "//evil.example/x.svg",
        'https://x/"onerror="y',
    ],
)
def test_cve_2025_24372_pictures_are_addresses_that_cannot_hold_scripts(people: People, address: str) -> None:
    for action in ("organization_create", "group_create"):
        answer = people.admin.post(action, name="bild", image_url=address)
        shown = answer.get_json()["result"]["image_display_url"] if answer.status_code == 200 else ""
        assert answer.status_code == 409 or (shown.startswith("https://") and '"' not in shown), answer.text
    for action, upload in (("organization_create", "image_upload"), ("group_create", "image_upload")):
        data = {"name": "bild2", upload: (io.BytesIO(ACTIVE_SVG), "x.svg")}
        assert (
            people.nobody.client.post(f"/api/action/{action}", data=data, headers=people.admin.headers).status_code
            == 409
        )


# CVE-2022-43685: an account taken over


def test_cve_2022_43685_nobody_chooses_the_id_of_an_account(people: People) -> None:
    victim = people.add("opfer")
    given: dict[str, Any] = {"name": "neu", "email": "neu@amt.example", "password": PASSWORD}
    made = people.admin.result("user_create", **given, id=victim.id)
    assert made["id"] != victim.id and made["name"] == "neu"
    assert people.admin.error("user_create", **{**given, "name": victim.id})[1]["name"]
    assert people.admin.error("user_create", **{**given, "name": "opfer"})[1]["name"]
    assert people.nobody.refused("user_create", **given, id=victim.id) == 403
    assert victim.result("user_show")["name"] == "opfer"


# CVE-2023-22746: one secret for all


@pytest.mark.parametrize("secret", sorted(config.WEAK_SECRETS))
def test_cve_2023_22746_a_known_secret_stops_the_start(tmp_path: Path, secret: str) -> None:
    """test_config.test_a_secret_is_made_once_and_kept_for_the_owner_alone: without one, a new one is made."""
    with pytest.raises(ConfigError):
        config.load({**homes.environment(tmp_path), "OFFENBAR_SECRET_KEY": secret})


# CVE-2023-32321: ids that are paths

NASTY = [
    *("..%2f..%2fetc%2fpasswd", "../../../../etc/passwd", "/etc/passwd", "%00", "\0", "a\0b", "x" * 10_000, "ä" * 3000),
    *("; ls", "{}", "{{7*7}}", "${x}", "a\nb", "' OR 1=1 --", "\u202e", "-1", "9" * 30, "[]", "[1", "*:*", "{!x}"),
]
IDS = (
    "id",
    "resource_id",
    "package_id",
    "name",
    "name_or_id",
    "group_id",
    "organization_id",
    "user_id",
    "object",
    "org_id",
)
VALUES = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=30),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.sampled_from(NASTY)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*IDS, *NASTY[4:6]]), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cve_2023_32321_an_id_is_an_id_in_every_argument(attacked: Attacked, data: st.DataObject) -> None:
    """test_downloads.test_path_tricks: nor is one in an address."""
    name = data.draw(st.sampled_from(sorted(ACTIONS)))
    known = [argument.name for argument in ACTIONS[name].arguments]
    wanted = {
        one: data.draw(VALUES) for one in data.draw(st.sets(st.sampled_from([*known, *IDS]), min_size=1, max_size=4))
    }
    caller = data.draw(st.sampled_from([attacked.people.nobody, attacked.people.admin]))
    if caller is attacked.people.admin and name.endswith(("_delete", "_purge", "_revoke", "_clear")):
        wanted["id"] = data.draw(st.sampled_from(NASTY))
    answer = caller.post(name, **wanted)
    assert answer.status_code < 500, (name, wanted)
    assert b"root:" not in answer.data and not planted.betrays(answer.data.replace(b"/etc/passwd", b"")), (name, wanted)


@pytest.mark.parametrize("chosen", ["../../../tmp/x", "..", "a/b", "\0", "x" * 10_000, "{}", "11111111-1111-4111-8111"])
def test_cve_2023_32321_ids_of_resources_are_uuids(people: People, chosen: str) -> None:
    office = people.office("amt")
    package = people.admin.result("package_create", name="baeume", owner_org=office)["id"]
    given = {"package_id": package, "id": chosen, "url": "https://example.org/a.csv"}
    assert people.admin.refused("resource_create", **given) == 409
    assert people.admin.refused("package_patch", id=package, resources=[given]) == 409
    data = {**given, "upload": (io.BytesIO(b"a,b\n1,2\n"), "../../../../tmp/x.csv")}
    answer = people.nobody.client.post("/api/action/resource_create", data=data, headers=people.admin.headers)
    assert answer.status_code in (400, 409)


# CVE-2023-50248: memory

MB = 1_000_000
KEYS = b",".join(b'"%x":1' % number for number in range(90_000))
PARTS = b"".join(b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nv\r\n' % number for number in range(5000))
FILES = PARTS.replace(b'"\r\n\r\nv', b'"; filename="f"\r\n\r\nv')
HEAD = b'--x\r\nContent-Disposition: form-data; name="a"\r\n'
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"


# What is refused half-way leaves its parts to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"a=&" * (MB // 3), FORM),
        (b"&".join(b"%x=" % number for number in range(MB // 7)), FORM),
        (b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
        (b"{" + KEYS + b"}", "application/json"),
        (b'{"id":[' + b"[]," * 300_000 + b"[]]}", "application/json"),
        (PARTS + b"--x--\r\n", MULTIPART),
        (FILES + b"--x--\r\n", MULTIPART),
        (HEAD + b"X: " + b"y" * (MB - 200) + b"\r\n\r\nv\r\n--x--\r\n", MULTIPART),
        (HEAD + b"X: y\r\n" * (MB // 7) + b"\r\nv\r\n--x--\r\n", MULTIPART),
        (b"--x----------\r\n" * (MB // 20), MULTIPART),
        (HEAD + b"\r\n" * (MB // 2 - 100) + b"--x--\r\n", MULTIPART),
    ],
)
def test_cve_2023_50248_no_form_takes_memory_or_time(
    attacked: Attacked, body: bytes, media_type: str, known: bool
) -> None:
    """test_action.test_huge_bodies_are_refused says how large a request may be; test_archives holds bombs in files."""
    caller = attacked.people.admin if known else attacked.people.nobody
    began, before = time.process_time(), _peak()
    answer = caller.client.post("/api/action/package_show", data=body, content_type=media_type, headers=caller.headers)
    assert answer.status_code in (400, 404, 409, 413)
    assert time.process_time() - began < 5 and _peak() - before < 100


@pytest.mark.parametrize("known", [False, True])
def test_cve_2023_50248_a_form_has_so_many_fields(attacked: Attacked, known: bool) -> None:
    caller = attacked.people.admin if known else attacked.people.nobody
    for count, status in ((500, 404), (2000, 413)):
        body = "id=gibt-es-nicht&" + "&".join(f"a{number}=1" for number in range(count))
        answer = caller.client.post("/api/action/package_show", data=body, content_type=FORM, headers=caller.headers)
        assert answer.status_code == status
    # What curl sends with -d is JSON with any number of ampersands.
    answer = caller.client.post(
        "/api/action/package_show", data='{"id":"baeume","x":"' + "&" * 2000 + '"}', content_type=FORM
    )
    assert answer.status_code == 200


def _peak() -> int:
    """Give the most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


# CVE-2024-27097: lines in the log


def test_cve_2024_27097_nothing_from_outside_begins_a_line_of_the_log(
    attacked: Attacked, caplog: pytest.LogCaptureFixture
) -> None:
    """test_accounts.test_nothing_in_the_log_looks_like_another_entry: nor of the log of deeds."""
    caplog.set_level(logging.DEBUG)
    forged = "x\n2026-01-01 ERROR gefaelscht\r\x1b[2J\u2028y"
    admin, nobody = attacked.people.admin, attacked.people.nobody
    package = admin.result("package_create", name="zeilen", title=forged, owner_org=attacked.office)["id"]
    made = admin.upload(
        "resource_create", "a\u2028ERROR\x1b[2J\u202e gefaelscht.csv", b"a,b\n1,2\n", package_id=package
    )
    assert made["url"].rpartition("/")[2].isprintable() and made["name"].isprintable()
    for caller in (admin, nobody):
        for action in ("package_show", "user_show", "package_search", "datastore_search", "organization_create"):
            caller.post(action, id=forged, name=forged, q=forged, resource_id=forged, token=forged)
    gone = _without_database(attacked.instance)
    gone.get("/dataset/x%0AERROR gefaelscht", headers={"User-Agent": "x\x1b[2J", "X-Request-ID": "a b"})
    nobody.client.get("/?q=" + "%0AERROR gefaelscht", headers={"Authorization": "offenbar_\u00e4"})
    messages = [
        record.getMessage() for record in caplog.records if record.name.split(".")[0] in ("catalog", "offenbar")
    ]
    assert messages and all(message.isprintable() for message in messages)


# CVE-2024-41674: what stands behind


SECRETS = ("geheimnutzer", "S3hrGeheim", "geheimdb")


def _without_database(instance: Instance) -> FlaskClient:
    """Serve a catalogue whose database server has gone away."""
    url = f"postgresql+psycopg://{SECRETS[0]}:{SECRETS[1]}@127.0.0.1:9/{SECRETS[2]}"
    app = create_app(dataclasses.replace(instance, database=Database(url)))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


def test_cve_2024_41674_nobody_reads_what_stands_behind(attacked: Attacked, caplog: pytest.LogCaptureFixture) -> None:
    client, statuses = _without_database(attacked.instance), set()
    answers = [(address, client.get(address)) for address in attacked.addresses()]
    for name in ACTIONS:
        for headers in ({}, attacked.people.admin.headers):
            arguments = {"id": attacked.dataset, "resource_id": attacked.table, "q": "a"}
            answers.append((name, client.post(f"/api/action/{name}", json=arguments, headers=headers)))
    for what, answer in answers:
        statuses.add(answer.status_code)
        assert answer.status_code != 500, what
        assert not planted.betrays(answer.data) and not any(word in answer.text for word in SECRETS), what
        if answer.status_code == 503 and answer.mimetype == "text/html":
            assert "Das geht gerade nicht" in answer.text
            assert answer.headers["Retry-After"] == "60"
    assert 503 in statuses
    assert SECRETS[1] not in caplog.text


def test_cve_2024_41674_a_failure_of_ours_says_nothing_of_it(
    attacked: Attacked, caplog: pytest.LogCaptureFixture
) -> None:
    """Statements of the database keep their values to themselves, also in the log."""
    app = create_app(attacked.instance)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail() -> str:
        with attacked.instance.database.writing() as session:
            session.execute(sa.insert(Account).values(id="x", password=PASSWORD))
        return ""

    app.add_url_rule("/api/misslingt", view_func=fail)
    app.add_url_rule("/misslingt", endpoint="page", view_func=fail)
    for path in ("/api/misslingt", "/misslingt"):
        answer = app.test_client().get(path)
        assert (
            answer.status_code in (500, 503) and not planted.betrays(answer.data) and b"constraint" not in answer.data
        )
    assert "constraint" in caplog.text and PASSWORD not in caplog.text


# CVE-2024-41675, CVE-2025-54384, (d), (e): scripts in pages, tables, excerpts, feeds


@pytest.mark.parametrize("query", ["", f"?q={planted.QUOTED}&tag={planted.QUOTED}&sort={planted.QUOTED}", "?q=Bäume"])
@pytest.mark.parametrize("inside", [False, True])
def test_cve_2024_41675_no_page_holds_an_element_that_data_made(attacked: Attacked, query: str, inside: bool) -> None:
    """Names of datasets, organisations, groups, files and columns, cells, Markdown, and words that were searched for."""
    client, seen = attacked.client, 0
    if inside:
        name = f"leser-{uuid.uuid4().hex[:8]}"
        given = {"name": name, "email": f"{name}@amt.example", "password": PASSWORD, "fullname": BODY, "sysadmin": True}
        attacked.people.admin.result("user_create", **given)
        planted.sign_in(client, name, PASSWORD)
        assert WORD in client.get("/user/me", base_url=planted.BASE).text
    for address in attacked.addresses():
        answer = client.get(f"{address}{query}", base_url=planted.BASE)
        assert answer.status_code != 500, address
        assert planted.scripts(answer) == [], address
        seen += WORD.encode() in answer.data
    assert seen > 10


def test_cve_2025_54384_markdown_makes_no_scripts_anywhere(attacked: Attacked) -> None:
    """What a program reads as HTML: feeds; and excerpts of hits and of lists. RDF, OAI and schema.org hold plain text."""
    client, seen = attacked.client, 0
    for path in (
        "/feeds/dataset.atom",
        "/feeds/organization/amt.atom",
        "/feeds/custom.atom?q=Bäume",
        "/oai?verb=ListRecords&metadataPrefix=oai_dc",
        "/catalog.rdf",
        "/catalog.jsonld",
        f"/dataset/{attacked.dataset}.rdf",
        "/dataset?q=Markdown",
        "/organization/amt",
        "/dataset/baeume",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert planted.scripts(answer) == [], path
        seen += WORD.encode() in answer.data
    assert seen >= 8


# CVE-2024-43371: requests for others


def test_cve_2024_43371_no_address_of_a_resource_leads_inside(people: People, instance: Instance) -> None:
    """Redirects and names that change their address: test_fetch.test_redirect_to_private_address, test_rebinding."""
    office = people.office("amt")
    with source_site.running() as inside:
        inside.put("/geheim.csv", "a,b\n1,2\n", "text/csv")
        port = inside.server_address[1]
        hosts = [
            "127.0.0.1",
            "localhost",
            "[::1]",
            "0x7f000001",
            "2130706433",
            "127.1",
            "0.0.0.0",
            "[::ffff:127.0.0.1]",
        ]
        hosts += ["example.org@127.0.0.1", "127.0.0.1.", "017700000001", "[::]", "①②⑦.⓪.⓪.①"]
        urls = [f"http://{host}:{port}/geheim.csv" for host in hosts]
        urls += ["http://169.254.169.254/latest/meta-data.csv", "http://[fd00:ec2::254]/a.csv", "http://10.0.0.1/a.csv"]
        urls += ["file:///etc/passwd", f"gopher://127.0.0.1:{port}/_x", f"dict://127.0.0.1:{port}/x", "jar:http://x!/"]
        kept = 0
        for number, url in enumerate(urls):
            wanted = {"name": f"n{number}", "owner_org": office, "url": url}
            wanted["resources"] = [{"url": url, "format": "CSV", "schema": "baumkataster"}]
            kept += people.admin.post("package_create", **wanted).status_code == 200
        assert kept > 10
        for _ in range(len(urls)):
            desks.check_files(instance)
            link_checks.hurry(instance)
            link_checks.check(instance, pause=0)
        assert inside.methods == []
    with instance.database.reading() as session:
        found = session.execute(sa.select(Link.state, Link.code)).all()
    assert found and not [one for one in found if one[0] == link_checks.OK]


# CVE-2025-64100, CVE-2026-41255, (f): sessions


def test_cve_2025_64100_and_f_a_session_is_new_after_every_step(people: People) -> None:
    """test_account_pages: a_session_given_before_signing_in_is_worth_nothing, every_sign_in_makes_a_new_session,
    a_new_password_ends_every_other_session; signing in through OpenID Connect ends in the same `sessions.begin`."""
    people.admin.result("user_create", name="amt", email="amt@amt.example", password=PASSWORD)
    client = create_app(people.instance).test_client()
    cookies: list[str] = []

    def step() -> None:
        found = client.get_cookie("offenbar", domain="daten.example.org")
        cookies.append(found.value if found else "")

    client.get("/user/login", base_url=planted.BASE)
    step()
    planted.sign_in(client, "amt", PASSWORD)
    step()
    new = {"password": PASSWORD, "new": "Eiche-2027-Gasse", "again": "Eiche-2027-Gasse"}
    assert planted.post(client, "/user/me/password", "/user/me", **new).status_code == 200
    step()
    assert planted.post(client, "/user/logout", "/user/me").status_code == 303
    step()
    planted.sign_in(client, "amt", "Eiche-2027-Gasse")
    step()
    assert len(set(cookies)) == len(cookies)
    for old in cookies[:-1]:
        other = create_app(people.instance).test_client()
        other.set_cookie("offenbar", old, domain="daten.example.org")
        assert other.get("/user/me", base_url=planted.BASE).status_code == 303


def test_cve_2026_41132_mail_goes_over_a_checked_certificate_only() -> None:
    """test_notices.test_a_wrong_certificate_is_refused and test_without_tls_only_this_machine_is_given_mail_and_nobody_a_password
    use a real server with a wrong certificate; test_oidc and test_fetch.test_tls_failures do so for the web."""
    here = Path(__file__).parent
    assert "def test_a_wrong_certificate_is_refused(" in (here / "test_notices.py").read_text("utf-8")
    assert "def test_tls_failures(" in (here / "test_fetch.py").read_text("utf-8")
    # That one looks at a certificate that was refused, in order to say why, and sends nothing.
    program = {*here.parent.glob("catalog/**/*.py"), *here.parent.glob("harvesters/**/*.py")}
    program -= {here.parent / "harvesters" / "tls_look.py"}
    for word in ("CERT_NONE", "_create_unverified_context", "verify=False", "check_hostname = False"):
        assert not [path for path in program if word in path.read_text("utf-8")]


def test_cve_2026_41255_each_request_is_looked_at_for_itself(people: People) -> None:
    """An anonymous call, a call with a token, and one with our form, before and after: none opens the way for another."""
    office = people.office("amt")
    people.admin.result("user_create", name="chef", email="c@amt.example", password=PASSWORD, sysadmin=True)
    client = create_app(people.instance).test_client()
    planted.sign_in(client, "chef", PASSWORD)
    form = planted.form_token(client, "/user/me")

    def create(name: str, **headers: str) -> int:
        given = {"name": name, "owner_org": office}
        return client.post("/api/action/package_create", json=given, headers=headers, base_url=planted.BASE).status_code

    for number in range(3):
        assert create(f"fremd-{number}") == 403
        assert create(f"falsch-{number}", **{"X-CSRFToken": "x"}) == 403
        assert people.nobody.refused("package_create", name="x1", owner_org=office) == 403
        assert create(f"token-{number}", Authorization=people.admin.token) == 200
        assert create(f"eigen-{number}", **{"X-CSRFToken": form}) == 200


# CVE-2026-42031 and -42032, (c): SQL


def test_cve_2026_42031_there_is_no_sql(attacked: Attacked) -> None:
    """test_datastore_actions.test_there_is_no_sql_and_there_are_no_functions; test_datastore_search tries every argument."""
    for action in ("datastore_search_sql", "datastore_function_create", "datastore_run_triggers"):
        for caller in (attacked.people.nobody, attacked.people.admin):
            answer = caller.post(action, sql="SELECT ts_rewrite('a'::tsquery, 'SELECT 1')")
            assert answer.status_code == 400


@pytest.mark.parametrize(
    "attack",
    [
        *(
            "' OR 1=1 --",
            '" OR 1=1 --',
            "a' #",
            "*/ /* x",
            "1; DROP TABLE account",
            "x') UNION SELECT hash FROM token --",
        ),
        *(
            "read_text('/etc/passwd')",
            "ts_rewrite('a'::tsquery,'select')",
            "%s",
            "%(x)s",
            "{0}",
            "$$x$$",
            '"a""b"',
            "\\'",
        ),
    ],
)
def test_cve_2026_42031_and_c_names_and_values_are_never_sql(attacked: Attacked, attack: str) -> None:
    nobody = attacked.people.nobody
    for asked in (
        {"filters": {attack: 1}},
        {"filters": {planted.CELL: attack}},
        {"filters": {planted.CELL: {attack: 1}}},
        {"sort": attack},
        {"sort": f'"{planted.CELL}" {attack}'},
        {"fields": [attack]},
        {"fields": attack},
        {"q": attack},
        {"q": {planted.CELL: attack}},
        {"q": {attack: "a"}},
        {"distinct": attack},
        {"language": attack},
        {"records_format": attack},
        {"full_text": attack},
    ):
        answer = nobody.post("datastore_search", resource_id=attacked.table, **asked)
        assert answer.status_code in (200, 409), (asked, answer.text)
        assert b"root:" not in answer.data and not planted.betrays(answer.data), asked
        if answer.status_code == 200 and ("filters" in asked or "q" in asked):
            assert answer.get_json()["result"]["records"] == [], asked


def test_cve_2026_42031_and_c_columns_may_be_called_anything(people: People) -> None:
    office, names = people.office("amt"), ['a" OR 1=1 --', "b'; DROP TABLE x; --", "c #", "ts_rewrite(", "%s", "d}{"]
    package = people.admin.result("package_create", name="tabelle", owner_org=office)["id"]
    fields = [{"id": name, "type": "text"} for name in names]
    records = [{name: name for name in names}, dict.fromkeys(names, "x")]
    made = people.admin.post("datastore_create", resource={"package_id": package}, fields=fields, records=records)
    assert made.status_code in (200, 409), made.text
    taken = names if made.status_code == 200 else names[2:]
    if made.status_code == 409:
        fields, records = fields[2:], [{name: row[name] for name in taken} for row in records]
        made = people.admin.post("datastore_create", resource={"package_id": package}, fields=fields, records=records)
        assert made.status_code == 200, made.text
    table = made.get_json()["result"]["resource_id"]
    for name in taken:
        for asked in ({"filters": {name: name}}, {"q": {name: "x"}}, {"filters": {name: "x"}}):
            found = people.admin.result("datastore_search", resource_id=table, **asked)["records"]
            assert len(found) == 1, asked
    assert people.admin.result("datastore_records_delete", resource_id=table, filters={names[2]: "x"})["deleted"] == 1


# The rows that no advisory names


SYNTAX = [
    "{!lucene q.op=OR}*:*",
    "{!parent which='*:*'}private:true",
    '_query_:"{!lucene}private:true"',
    '_val_:"1"',
    "*:* OR private:true",
    ") OR (private:true",
    "-capacity:public",
    "capacity:private",
    "state:(draft OR deleted)",
    'permission_labels:"member-x"',
    "+permission_labels:*",
    "{!join from=id to=id}*:*",
]


@pytest.mark.parametrize("query", SYNTAX)
def test_a_no_query_widens_what_somebody_sees(attacked: Attacked, query: str) -> None:
    """test_hidden_datasets asks every address and every reading action for what is private, a draft or deleted."""
    people = attacked.people
    name = f"quittengelee-{uuid.uuid4().hex[:8]}"
    people.admin.result("package_create", name=name, title="Quittengelee", private=True, owner_org=attacked.office)
    stranger = people.editor(f"fremd-{uuid.uuid4().hex[:8]}", desks.office(people.instance, f"o{name[-8:]}").id)
    wide = {"include_private": True, "include_drafts": True, "include_deleted": True, "rows": 1000}
    for caller in (people.nobody, stranger):
        for asked in ({"q": query}, {"fq": query}, {"fq_list": [query]}, {"sort": query}, {"q": f'title:"{query}"'}):
            for more in ({}, wide, {"facet.field": [query]}, {"defType": "lucene", "qf": "private"}):
                answer = caller.post("package_search", **asked, **more)
                assert answer.status_code in (200, 400, 409) and b"quittengelee" not in answer.data.lower()


def test_b_followers_tell_nothing(attacked: Attacked) -> None:
    """What is hidden and what there is not get the same answers, but where a dataset is to be followed, as from `package_show`."""
    hidden = attacked.people.admin.result(
        "package_create", name=f"v-{uuid.uuid4().hex[:8]}", private=True, owner_org=attacked.office
    )["id"]
    stranger = attacked.people.add(f"fremd-{uuid.uuid4().hex[:8]}")
    follows = [name for name in ACTIONS if "follow" in name]
    assert len(follows) > 20
    for name in follows:
        for caller in (attacked.people.nobody, stranger):
            found, none = caller.post(name, id=hidden), caller.post(name, id="gibt-es-nicht")
            if name == "follow_dataset" and caller is stranger:
                assert (found.status_code, none.status_code) == (403, 409)
            else:
                assert (found.status_code, found.data) == (none.status_code, none.data), name
    assert attacked.people.nobody.refused("package_show", id=hidden) == 403


@pytest.mark.parametrize(
    "sent", ["x", "/etc/passwd", 7, True, ["x"], {"filename": "/etc/passwd", "file": "x"}, {"url": "x"}]
)
def test_g_an_upload_is_a_file_that_came_along(people: People, sent: Any) -> None:
    office = people.office("amt")
    package = people.admin.result("package_create", name="baeume", owner_org=office)["id"]
    for name in ("upload", "image_upload", "files"):
        before = people.admin.result("package_show", id=package)["num_resources"]
        answer = people.admin.post("resource_create", package_id=package, **{name: sent})
        assert answer.status_code == 409 or name != "upload", answer.text
        if answer.status_code == 200:
            assert answer.get_json()["result"]["url_type"] != "upload"
            continue
        assert people.admin.result("package_show", id=package)["num_resources"] == before
    for action in ("organization_patch", "group_patch"):
        answer = people.admin.post(action, id=office, image_upload=sent)
        assert answer.status_code in (200, 404, 409) and b"root:" not in answer.data
    answer = people.admin.post("package_revise", match={"id": package}, update__resources__extend={"upload": sent})
    assert answer.status_code == 409


def test_tokens_that_are_over_are_nobody(people: People) -> None:
    """A token ends with its day, with its revocation and with its account."""
    writer: Caller = people.add("amt", **{people.office("amt"): Capacity.EDITOR})
    assert writer.result("user_show")["name"] == "amt"
    with people.instance.database.writing() as session:
        row = tokens.find(session, writer.token)
        assert row is not None
        row.expires_at = now()
    assert writer.refused("user_show") == 403


def test_the_themes_are_no_groups_to_take_over(people: People) -> None:
    concept = vocabulary("theme").find("ENVI")
    assert concept is not None
    assert people.admin.refused("group_patch", id="envi", title="x") == 403
    assert people.admin.refused("group_purge", id="envi") == 403

"""The page of interfaces: every example on it runs as it stands, against a server of the demonstration's catalogue."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ports
import pytest
import requests
from demo_home import DATASETS, DemoHome
from flask.testing import FlaskClient
from lxml import html

import cli
from catalog import accounts, tokens
from catalog.api.action import ACTIONS, SUBJECTS
from catalog.app import create_app
from catalog.instance import Instance
from catalog.web.api_examples import LANGUAGES, TASKS

BIN = Path(sys.executable).parent
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TABLE = b"brunnen,ort\n1,Luisenplatz\n2,Marktplatz\n"
NEW = "trinkbrunnen"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://www.w3.org/ns/dcat#Dataset>"
# What a reading example must say.
SAID = {
    "search": re.compile("baumkataster-darmstadt"),
    "show": re.compile("baeume.csv"),
    "list": re.compile("baumkataster-darmstadt"),
    # The number of rows, or the first of them.
    "rows": re.compile("280|da-10007"),
}


@dataclass(frozen=True)
class Running:
    """A server with its page, and the token of an administrator."""

    url: str
    page: html.HtmlElement
    token: str

    def call(self, action: str, **arguments: Any) -> Any:
        """Call an action with the token; None where it fails."""
        headers = {"Authorization": self.token}
        answer = requests.post(f"{self.url}/api/3/action/{action}", json=arguments, headers=headers, timeout=60)
        return answer.json()["result"] if answer.ok else None

    def code(self, task: str, language: str) -> str:
        """Take an example from the page."""
        (found,) = self.page.xpath(f"//pre[@data-task='{task}'][@data-language='{language}']/code")
        text: str = found.text_content()
        return text


@pytest.fixture(scope="module")
def running(demo: DemoHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = demo.copy(tmp_path_factory.mktemp("server") / "home")
    instance = home.open()
    with instance.database.writing() as session:
        account = accounts.add(session, "leitung", admin=True)
        session.flush()
        token = tokens.create(session, account).text
    instance.database.close()
    port = ports.free()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, str(Path(cli.__file__)), "serve", "--no-jobs", "--port", str(port)]
    # Examples name the address of the site, and links of the catalogue lead there.
    environment = os.environ | home.environment | {"OFFENBAR_SITE_URL": url}
    process = subprocess.Popen(command, env=environment, cwd=home.path)
    try:
        yield Running(url, wait_for(url, process), token)
    finally:
        process.terminate()
        process.wait(15)
        shutil.rmtree(home.path)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> html.HtmlElement:
    for _ in range(300):
        assert process.poll() is None, "the server ended by itself"
        try:
            answer = requests.request("GET", f"{url}/api", headers=BROWSER, timeout=30)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            assert answer.ok, answer.text
            return html.document_fromstring(answer.content)
    pytest.fail(f"{url} does not answer")


def needed(program: str) -> str:
    """Find a program that examples need; where OFFENBAR_REQUIRE is set it must be there."""
    found = shutil.which(program)
    if found is None and os.environ.get("OFFENBAR_REQUIRE"):
        pytest.fail(f"{program} is missing")
    return found or pytest.skip(f"{program} is missing: the examples that need it did not run")


def commands(language: str, code: str, folder: Path) -> list[str]:
    """Write an example to a file and say how it is run."""
    ending = {"curl": "sh", "r": "R", "javascript": "mjs"}.get(language, "py")
    (folder / f"example.{ending}").write_text(code, encoding="utf-8")
    if language == "curl":
        needed("curl")
        return ["sh", "-eu", "example.sh"]
    if language == "javascript":
        return [str(BIN / "node"), "example.mjs"]
    return [needed("Rscript") if language == "r" else sys.executable, f"example.{ending}"]


def run(running: Running, task: str, language: str, folder: Path) -> str:
    code = running.code(task, language)
    if language == "r" and not has_r():
        return called_instead(running, code)
    environment = os.environ | {"API_TOKEN": running.token, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
    done = subprocess.run(
        commands(language, code, folder), env=environment, cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    if language == "curl":
        # curl ends well even where the answer is an error.
        assert '"success":false' not in done.stdout, done.stdout
    return done.stdout


def has_r() -> bool:
    if shutil.which("Rscript") is None:
        return False
    return (
        subprocess.run(
            ["Rscript", "-e", "library(httr2); library(jsonlite)"], capture_output=True, timeout=60
        ).returncode
        == 0
    )


def called_instead(running: Running, code: str) -> str:
    """Without R: take the address and the arguments out of the example, and call them. The R itself is not run."""
    address, query = re.search(r'request\("([^"]+)"\)', code), re.search(r"req_url_query\((.*)\)", code)
    if address is None or "req_body_" in code:
        assert address is None or address[1].rpartition("/")[2] in ACTIONS
        pytest.skip("R, httr2 or jsonlite is missing: of this example only the address was looked at")
    arguments = re.findall(r'(\w+) = "?([^",]+)"?', query[1]) if query else []
    answer = requests.request("GET", address[1], params=arguments, timeout=60)
    assert answer.ok, answer.text
    return answer.text


PAIRS = pytest.mark.parametrize("language", [language.id for language in LANGUAGES])


@pytest.mark.slow
@PAIRS
@pytest.mark.parametrize("task", SAID)
def test_reading(running: Running, task: str, language: str, tmp_path: Path) -> None:
    said = run(running, task, language, tmp_path)
    assert SAID[task].search(said), said


@pytest.mark.slow
@PAIRS
def test_harvesting_everything(running: Running, language: str, tmp_path: Path) -> None:
    run(running, "harvest", language, tmp_path)
    if language == "r" and not has_r():
        pytest.skip("R, httr2 or jsonlite is missing: of this example only the address was called")
    (file,) = tmp_path.glob("katalog.*")
    lines = file.read_text(encoding="utf-8").splitlines()
    found = {line.split(" ")[0] if file.suffix == ".nt" else json.loads(line)["id"]
             for line in lines if file.suffix == ".jsonl" or TYPE in line}  # fmt: skip
    assert len(found) == DATASETS


@pytest.fixture
def clean(running: Running) -> Iterator[Callable[[], Any]]:
    """Nothing is there yet that examples make, and nothing is left of it."""
    running.call("dataset_purge", id=NEW)
    yield lambda: running.call("package_show", id=NEW)
    assert running.call("package_delete", id=NEW) is None
    running.call("dataset_purge", id=NEW)
    assert running.call("package_show", id=NEW) is None


@pytest.mark.slow
@PAIRS
def test_creating_a_dataset(running: Running, clean: Callable[[], Any], language: str, tmp_path: Path) -> None:
    assert clean() is None
    run(running, "create", language, tmp_path)
    made = clean()
    assert (made["name"], made["title"], made["license_id"]) == (NEW, "Trinkbrunnen", "dl-zero-de/2.0")
    assert [tag["name"] for tag in made["tags"]] == ["Wasser"]


@pytest.mark.slow
@PAIRS
def test_uploading_a_file(running: Running, clean: Callable[[], Any], language: str, tmp_path: Path) -> None:
    owner = running.call("package_show", id="baumkataster-darmstadt")["owner_org"]
    assert running.call("package_create", name=NEW, owner_org=owner)
    (tmp_path / f"{NEW}.csv").write_bytes(TABLE)
    run(running, "upload", language, tmp_path)
    (resource,) = clean()["resources"]
    assert (resource["name"], resource["format"], resource["url_type"]) == ("Trinkbrunnen", "CSV", "upload")
    assert resource["size"] == len(TABLE)


@pytest.mark.slow
def test_an_example_that_is_wrong_is_noticed(running: Running, tmp_path: Path) -> None:
    for language in ("curl", "ckanapi", "requests", "javascript", *(["r"] if has_r() else [])):
        code = running.code("show", language).replace("baumkataster-darmstadt", "nirgends")
        broken = Running(running.url, html.fragment_fromstring("<div></div>"), running.token)
        pre = html.Element("pre", {"data-task": "show", "data-language": language})
        inner = html.Element("code")
        inner.text = code
        pre.append(inner)
        broken.page.append(pre)
        with pytest.raises(AssertionError):
            run(broken, "show", language, tmp_path)


@pytest.mark.slow
def test_the_token_is_found_out(running: Running, tmp_path: Path) -> None:
    code = running.code("token", "curl").replace("…", running.token)
    done = subprocess.run(commands("curl", code, tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["result"]["name"] == "leitung"


@pytest.mark.slow
def test_the_line_of_every_action_runs(running: Running, tmp_path: Path) -> None:
    lines = {pre.get("data-action"): pre.text_content() for pre in running.page.xpath("//pre[@data-action]")}
    assert len(lines) > 45 and {"datastore_search", "resource_show", "package_show"} <= set(lines)
    for action, line in lines.items():
        done = subprocess.run(
            commands("curl", line, tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.stdout.startswith('{"help"') and json.loads(done.stdout)["success"], (action, done.stdout[:300])


@pytest.mark.slow
def test_the_examples_of_the_documentation_run_and_answer_as_stated(running: Running, tmp_path: Path) -> None:
    needed("curl")
    text = (Path(cli.__file__).parent / "docs" / "interfaces.md").read_text(encoding="utf-8")
    section = re.split("^## ", text, flags=re.MULTILINE)[1]
    blocks = re.findall(r"^```console\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    environment = os.environ | {"API_TOKEN": running.token}
    tried, wrong = 0, []
    for block in blocks:
        for command, _, stated in (part.partition("\n") for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]):
            line = command.replace("http://127.0.0.1:5000", running.url)
            done = subprocess.run(["sh", "-c", line], env=environment, cwd=tmp_path, capture_output=True, text=True)
            pattern = ".*".join(map(re.escape, stated.strip().split("…")))
            said = done.stdout.strip().replace(running.url, "http://127.0.0.1:5000")
            wrong += [] if re.fullmatch(pattern, said, re.DOTALL) else [(command, said[:500])]
            tried += 1
    assert not wrong
    assert tried > 12


def page(client: FlaskClient, lang: str = "de") -> html.HtmlElement:
    answer = client.get(f"/api?lang={lang}", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    return html.document_fromstring(answer.get_data(as_text=True))


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/html;q=0", "application/json, */*;q=0.1"])
def test_programs_get_the_version(public: FlaskClient, accept: str | None) -> None:
    answer = public.get("/api", headers={"Accept": accept} if accept else {})
    assert answer.get_json() == {"version": 1}
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "Accept" in answer.headers["Vary"]


def test_browsers_get_the_page(public: FlaskClient) -> None:
    answer = public.get("/api", headers=BROWSER)
    assert answer.mimetype == "text/html" and "Accept" in answer.headers["Vary"]
    for version in (1, 2, 3):
        assert public.get(f"/api/{version}", headers=BROWSER).get_json() == {"version": version}


@pytest.mark.parametrize("lang", ["de", "en"])
def test_all_actions_are_on_the_page_by_subject(public: FlaskClient, lang: str) -> None:
    found = page(public, lang)
    assert found.xpath("//details/@id") == [name for subject in SUBJECTS for name in subject.actions]
    assert len(found.xpath("//details[@id]/summary/code")) == len(ACTIONS)
    said = " ".join(found.xpath("//details[@id='resource_create']//text()"))
    assert all(argument.name in said for argument in ACTIONS["resource_create"].arguments)
    assert ACTIONS["resource_create"].about.in_("de" if lang == "de" else "en") in said
    assert found.xpath("//link[@rel='service-desc']/@href") == ["/openapi.json"]
    assert found.xpath("//script") == []


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_task_has_an_example_in_every_language(public: FlaskClient, lang: str) -> None:
    found = page(public, lang)
    for task in TASKS:
        languages = found.xpath(f"//pre[@data-task='{task.id}']/@data-language")
        assert languages == [language.id for language in LANGUAGES]
    assert all(pre.get("tabindex") == "0" for pre in found.xpath("//pre"))


def test_contents_lead_to_headings(public: FlaskClient) -> None:
    found = page(public)
    ids = set(found.xpath("//@id"))
    assert {link.removeprefix("#") for link in found.xpath("//main//a[starts-with(@href, '#')]/@href")} <= ids


def test_a_catalogue_without_anything_has_the_page_too(instance: Instance) -> None:
    found = page(create_app(instance).test_client())
    assert found.xpath("//pre[@data-task='show']") and not found.xpath("//pre[@data-task='rows']")
    assert not found.xpath("//pre[@data-action='datastore_search']")

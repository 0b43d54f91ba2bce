"""What older clients ask for beside the actions, while somebody types."""

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize("root", ["/api/util", "/api/1/util", "/api/2/util"])
def test_proposals(public: FlaskClient, root: str) -> None:
    def ask(path: str) -> object:
        answer = public.get(f"{root}/{path}")
        assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == "*"
        return answer.get_json()

    found = ask("dataset/autocomplete?incomplete=baumkat&limit=1")
    assert isinstance(found, dict)
    (dataset,) = found["ResultSet"]["Result"]
    assert set(dataset) == {"name", "title", "match_field", "match_displayed"} and "baumkat" in dataset["name"]
    tags = public.get("/api/action/tag_autocomplete?q=baum").get_json()["result"]
    assert tags and ask("tag/autocomplete?incomplete=baum") == {
        "ResultSet": {"Result": [{"Name": tag} for tag in tags[:10]]}
    }
    assert ask("resource/format_autocomplete?incomplete=cs") == {"ResultSet": {"Result": [{"Format": "csv"}]}}
    organizations = ask("organization/autocomplete?q=wiesbaden-umwelt")
    assert isinstance(organizations, list) and organizations[0]["name"] == "wiesbaden-umweltamt"
    groups = ask("group/autocomplete?q=umwelt")
    assert isinstance(groups, list) and [one["name"] for one in groups] == ["envi"]


@pytest.mark.parametrize("limit", ["-1", "x", "99999999999999", "", "%00"])
def test_nothing_for_nothing_and_for_odd_limits(public: FlaskClient, limit: str) -> None:
    assert public.get("/api/util/tag/autocomplete").get_json() == {"ResultSet": {"Result": []}}
    answer = public.get(f"/api/2/util/dataset/autocomplete?incomplete=baum&limit={limit}")
    assert answer.status_code == 200 and len(answer.get_json()["ResultSet"]["Result"]) <= 10
    assert public.get("/api/util/tag/autocomplete?incomplete=baum&limit=0").get_json() == {"ResultSet": {"Result": []}}


@pytest.mark.parametrize("root", ["/api/util", "/api/1/util", "/api/2/util"])
def test_the_version_for_older_clients(public: FlaskClient, root: str) -> None:
    answer = public.get(f"{root}/status")
    assert answer.status_code == 200 and answer.get_json() == public.get("/api/action/status_show").get_json()["result"]


def test_what_cannot_be_asked(public: FlaskClient) -> None:
    assert public.get("/api/util/user/autocomplete?q=a").status_code == 403
    assert public.get("/api/util/unfug/autocomplete?q=a").status_code == 404
    assert public.get("/api/util/dataset/autocomplete?incomplete=%00").status_code in (200, 409)
    assert public.get("/api/util/group/autocomplete?q=%00").status_code == 409
    assert public.post("/api/util/tag/autocomplete?incomplete=a").status_code == 405


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("dataset/munge_name?name=Bäume%20am Fluss", "baeume-am-fluss"),
        ("dataset/munge_title_to_name?title=Offene%20Daten!", "offene-daten"),
        ("tag/munge?tag=Grüne%20Wiese", "gruene-wiese"),
        ("tag/munge?name=Wiese", "wiese"),
        ("tag/munge", ""),
    ],
)
def test_names_made_of_what_somebody_wrote(public: FlaskClient, asked: str, name: str) -> None:
    answer = public.get(f"/api/2/util/{asked}")
    assert (answer.status_code, answer.get_json()) == (200, name)

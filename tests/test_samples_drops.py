"""The samples of catalogues and file drops: each is harvested once, one spoilt record apart, and found unchanged by the next run."""

import importlib
from pathlib import Path

import homes
import pytest
import source_site
from conformance import NO_SERVER, Sample, Told

from harvesters.registry import HARVESTERS

TOLD = [Told("baeume", "Bäume & »Sträucher«"), Told("kaputt", "Nichts", spoilt=True), Told("größe 1", 'Größe "1"')]


@pytest.mark.parametrize("kind", ["dcat", "files", "s3", "webdav"])
def test_a_sample_is_harvested(tmp_path: Path, kind: str) -> None:
    assert kind in HARVESTERS and kind not in NO_SERVER
    sample: Sample = importlib.import_module(f"samples_{kind}").SAMPLE
    with homes.home(tmp_path / "home") as instance, source_site.running() as site:
        for path, answer in sample.site(site.url(""), TOLD, 2).items():
            site.put(path, answer.body, answer.media_type, status=answer.status, etag=answer.status == 200)
        text = sample.definition.replace("{root}", site.url("")).replace("{host}", site.host)
        # The cities of the home are two.
        text = text.replace("city: wiesbaden", "city: frankfurt")
        (instance.config.sources / "amt.yaml").write_text(text, "utf-8")
        (source,) = instance.sources()
        outcome = homes.harvest_and_check(instance, source)
        assert homes.counted(outcome) == {"seen": 3, "created": 2, "quarantined": 1}
        assert sorted(homes.published(instance)) == sorted(one.title for one in TOLD if not one.spoilt)
        assert set(homes.records(instance)) == {sample.named(one.id) for one in TOLD if not one.spoilt}
        again = homes.harvest_and_check(instance, source)
        assert again.status == "unchanged" and again.counts.updated == 0

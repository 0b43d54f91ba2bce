"""TLS of one source: authorities of its own, our certificate, and what is said when a certificate is not in order."""

import datetime
import ssl
from contextlib import contextmanager

import misbehaving
import pytest
import trustme
from cryptography.hazmat.primitives import serialization as forms

from dcat.errors import ConfigError, FetchError
from harvesters.addresses import read_address
from harvesters.certificates import Certificate, last_of, read_chain
from harvesters.fetch import Fetcher, FetchLimits, Network
from harvesters.network import Credentials
from harvesters.tls import Trust
from harvesters.tls_look import look

YEAR = datetime.timedelta(days=365)


@pytest.fixture(scope="module")
def city():
    """The authority of a city, which nobody outside knows."""
    return trustme.CA(organization_name="Stadt Beispielhausen")


@pytest.fixture
def ca(city, tmp_path):
    file = tmp_path / "ca.pem"
    city.cert_pem.write_to_path(str(file))
    return str(file)


@contextmanager
def serving(certificate, chain=None, clients=None):
    """A server with a certificate; `chain` is what it sends, `clients` whose certificates it wants to see."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with certificate.private_key_pem.tempfile() as key:
        sent = b"".join(each.bytes() for each in (chain or certificate.cert_chain_pems))
        with trustme.Blob(sent).tempfile() as file:
            context.load_cert_chain(file, key)
    if clients:
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        # With TLS 1.3 the refusal comes after the handshake, and sometimes after the connection is gone.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    with misbehaving.running(context) as server:
        yield server


def fetcher(server, *, host="a.example", home=True, password="", **network):
    where = f"{host}:{server.port}"
    settings = Network(allow=("a.example", "b.example"), home=where if home else "other.example", **network)
    return Fetcher(
        settings,
        FetchLimits(retries=0, read=5),
        credentials=Credentials(password=password),
        resolve=lambda host, port: ["127.0.0.1"],
    )


def refusal(server, host="a.example", **network):
    with fetcher(server, **network) as made, pytest.raises(FetchError) as caught:
        made.get(f"https://{host}:{server.port}/")
    assert caught.value.code == "tls"
    assert caught.value.message.de.endswith(".") and caught.value.message.en.endswith(".")
    return caught.value.message.en


def test_an_authority_of_the_source(city, ca):
    with serving(city.issue_cert("a.example")) as server:
        with fetcher(server, ca=ca) as made:
            assert made.get(f"https://a.example:{server.port}/page").body == misbehaving.PAGE
        assert "is not known here" in refusal(server)


def test_sentences_tell_what_is_wrong(city, ca):
    now = datetime.datetime.now(datetime.UTC)
    stranger = trustme.CA()
    said = {}
    with serving(city.issue_cert("a.example", not_before=now - YEAR, not_after=now - YEAR / 365)) as server:
        said["expired"] = refusal(server, ca=ca)
    with serving(city.issue_cert("a.example", not_before=now + YEAR, not_after=now + 2 * YEAR)) as server:
        said["clock"] = refusal(server, ca=ca)
    with serving(city.issue_cert("a.example")) as server:
        said["other host"] = refusal(server, "b.example", ca=ca)
    middle = city.create_child_ca()
    leaf = middle.issue_cert("a.example")
    with serving(leaf, chain=leaf.cert_chain_pems[:1]) as server:
        said["intermediate"] = refusal(server, ca=ca)
    with serving(stranger.issue_cert("a.example")) as server:
        said["stranger"] = refusal(server, ca=ca)
    assert "has expired" in said["expired"]
    assert "clock of this machine" in said["clock"]
    assert "is not for b.example" in said["other host"]
    assert "lacks the intermediate certificate" in said["intermediate"]
    assert len(set(said.values())) == len(said)


def test_the_whole_chain_is_fine(city, ca):
    with serving(city.create_child_ca().issue_cert("a.example")) as server, fetcher(server, ca=ca) as made:
        assert made.get(f"https://a.example:{server.port}/page").status == 200


def test_our_certificate(city, ca, tmp_path):
    ours = city.issue_cert("offenbar@example.org", common_name="offenbar")
    file = tmp_path / "ours.pem"
    ours.private_key_and_cert_chain_pem.write_to_path(str(file))
    with serving(city.issue_cert("a.example", "b.example"), clients=city) as server:
        with fetcher(server, ca=ca, certificate=str(file)) as made:
            assert made.get(f"https://a.example:{server.port}/page").status == 200
            with pytest.raises(FetchError) as caught:
                made.get(f"https://b.example:{server.port}/page")
            assert caught.value.code == "tls", "other hosts do not learn who we are"
        assert "certificate: FILE.pem" in refusal(server, ca=ca)


def test_a_key_with_a_password(city, ca, tmp_path):
    ours = city.issue_cert("offenbar@example.org", common_name="offenbar")
    key = forms.load_pem_private_key(ours.private_key_pem.bytes(), None).private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.BestAvailableEncryption(b"geheim")
    )
    file = tmp_path / "ours.pem"
    file.write_bytes(key + ours.cert_chain_pems[0].bytes())
    with serving(city.issue_cert("a.example"), clients=city) as server:
        with fetcher(server, ca=ca, certificate=str(file), password="geheim") as made:
            assert made.get(f"https://a.example:{server.port}/page").status == 200
        for wrong in ("", "falsch"):
            with pytest.raises(ConfigError, match="password does not fit"):
                fetcher(server, ca=ca, certificate=str(file), password=wrong)


@pytest.mark.parametrize("key", ["ca", "certificate"])
def test_files_that_cannot_be_used(key, tmp_path):
    (tmp_path / "leer.pem").write_text("kein Zertifikat")
    for name, words in (("fehlt.pem", "does not exist"), ("leer.pem", "is no certificate in PEM form")):
        with pytest.raises(ConfigError) as caught:
            Fetcher(Network(home="a.example", **{key: str(tmp_path / name)}))
        assert words in caught.value.message.en and f"network: {{{key}: ...}}" in caught.value.message.de


# What `offenbar doctor` sees


def seen(server, ca="", host="a.example"):
    return look(read_address(f"https://{host}:{server.port}/"), ["127.0.0.1"], 5.0, Trust(ca=ca))


def test_a_look_at_the_chain(city, ca):
    middle = city.create_child_ca()
    leaf = middle.issue_cert("a.example", "127.0.0.1", common_name="a.example")
    with serving(leaf) as server:
        found = seen(server, ca)
    assert (found.reason, found.version) == ("", "TLSv1.3")
    assert found.chain[0].names == ("a.example", "127.0.0.1")
    assert found.chain[0].issuer == found.chain[1].subject
    assert found.chain[0].ends > datetime.datetime.now(datetime.UTC)


def test_the_look_names_the_missing_certificate(city, ca):
    leaf = city.create_child_ca().issue_cert("a.example")
    with serving(leaf, chain=leaf.cert_chain_pems[:1]) as server:
        found = seen(server, ca)
    assert found.number in (20, 21)
    last = last_of(found.chain)
    assert last == found.chain[0] and "trustme" in last.issuer


def test_where_chains_end():
    def certificate(subject, issuer):
        moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        return Certificate(subject=subject, issuer=issuer, ends=moment)

    leaf, middle, root = certificate("a", "b"), certificate("b", "c"), certificate("c", "c")
    assert last_of((leaf, root, middle)) == root
    assert last_of((leaf, root)) == leaf
    assert last_of((leaf, certificate("b", "a"))) is not None
    assert last_of(()) is None


def test_bytes_that_are_no_certificate():
    assert read_chain([b"", b"x" * 100]) == ()

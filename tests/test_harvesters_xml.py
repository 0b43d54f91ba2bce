"""XML from departments becomes a tree, or a sentence says why not; nothing in it is fetched, expanded or too much."""

import pytest

from dcat.errors import UnreadableError
from harvesters import xml

URL = "https://geo.amt.example/csw"


def parsed(body: str | bytes, **options):
    return xml.parse(body.encode() if isinstance(body, str) else body, url=URL, **options)


def refused(body: str | bytes, **options) -> str:
    with pytest.raises(UnreadableError) as caught:
        parsed(body, **options)
    assert URL in caught.value.message.de and URL in caught.value.message.en
    return caught.value.message.en


def test_tree_text_and_names():
    root = parsed(
        '<?xml version="1.0"?>\n<!-- eins --><a:x xmlns:a="urn:a"><!-- zwei -->Gr<b>ü</b>n <?drei?></a:x>'
    ).root
    assert (xml.local(root), xml.text(root), xml.text(None)) == ("x", "Grün", "")
    assert [xml.local(child) for child in root] == ["b"]


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>Straße</a>'.encode("latin-1"), ""),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>Straße</a>'.encode(), ""),
        ('<?xml version="1.0" encoding="utf-16"?><a>Straße</a>'.encode("utf-16"), ""),
        ('<?xml version="1.0" encoding="utf-16"?><a>Straße</a>'.encode(), ""),
        ("<a>Straße</a>".encode("cp1252"), "windows-1252"),
        ("\ufeff\n <a>Straße</a>".encode(), "iso-8859-1"),
    ],
)
def test_encodings(body, charset):
    assert xml.text(parsed(body, charset=charset).root) == "Straße"


def test_forbidden_characters_are_left_out_with_a_problem():
    document = parsed("<a>eins\x0b&#11;&#x1F;&#55357; zwei&#10;&#x41;\ufffe</a>")
    assert xml.text(document.root) == "eins zwei\nA"
    assert [(problem.code, problem.value) for problem in document.problems] == [("illegal-characters", "5")]
    assert parsed("<a>eins</a>").problems == ()


def test_web_pages_are_told_apart():
    for body in ("<!DOCTYPE html><html></html>", '<?xml version="1.0"?>\n<!-- x -->\n<html lang="de"><br></html>'):
        assert "web page" in refused(body)
        assert "web page" in refused(body, skip_doctype=True)


@pytest.mark.parametrize(
    "body", [b"", b"   ", b"{}", b"<a>", b"<a>&nbsp;</a>", b"\xff\xfe<", b"<a", b"<?xml", b"<!--", b"<!DOCTYPE"]
)
def test_what_is_no_xml_is_refused(body):
    refused(body)
    refused(body, skip_doctype=True)


def test_document_types_and_entities_are_refused():
    bomb = '<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><a>&d;</a>'
    outside = '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'
    assert "DOCTYPE" in refused(bomb)
    assert "DOCTYPE" in refused(outside)
    assert "DOCTYPE" in refused("<!-- x --> " * 3 + "<?y z?>" + outside)
    assert "DOCTYPE" in refused(bomb, skip_doctype=True)
    assert xml.text(parsed("<a><![CDATA[<!DOCTYPE html>]]></a>").root) == "<!DOCTYPE html>"


def test_the_document_type_of_wms_is_skipped_where_allowed():
    body = """<?xml version='1.0' encoding="UTF-8" standalone="no" ?>
<!DOCTYPE WMT_MS_Capabilities SYSTEM "http://schemas.opengis.net/wms/1.1.1/WMS_MS_Capabilities.dtd"
 [
 <!-- it's > one ] more -->
 <!ELEMENT VendorSpecificCapabilities EMPTY>
 ]>  <!-- end of DOCTYPE declaration -->
<WMT_MS_Capabilities version="1.1.1"><Title>Karte &amp; Plan</Title></WMT_MS_Capabilities>"""
    document = parsed(body, skip_doctype=True)
    assert xml.text(document.root) == "Karte & Plan"
    assert document.root.getroottree().docinfo.doctype == ""
    assert "DOCTYPE" in refused(body)


def test_deep_and_huge_documents_are_refused():
    assert "depth" in refused("<a>" * 300 + "</a>" * 300)
    assert "too many" in refused(b"<a>" + b"<b/>" * xml.MAX_MARKS + b"</a>")
    assert "too many" in refused(b"<a>" + b'<b c="" d="" e=""/>' * (xml.MAX_MARKS // 4) + b"</a>")


def test_prologs_without_end_are_read_in_one_pass():
    for part in ("<!---->", "<!-- x", "<?x?>", " ", "<!DOCTYPE", '<!DOCTYPE a [ " ', "<!DOCTYPE a [<!-- "):
        refused(part * 50_000)
        refused(part * 50_000, skip_doctype=True)


def test_canonical_bytes_ignore_what_is_around():
    one = parsed('<r xmlns:a="urn:a" xmlns:z="urn:z"><a:x k="1" b="2"> t </a:x> </r>').root[0]
    two = parsed('<r><s:x xmlns:s="urn:a"  b="2" k="1"> t </s:x></r>').root[0]
    assert xml.canonical(one) == b'<a:x xmlns:a="urn:a" k="1" b="2"> t </a:x>'
    assert xml.canonical(two) == b'<s:x xmlns:s="urn:a" b="2" k="1"> t </s:x>'


def test_namespaces_that_are_no_uris_have_canonical_bytes_too():
    element = parsed('<r xmlns:util="net.programm.Sprache"><x> t </x> </r>').root[0]
    assert xml.canonical(element) == b"<x> t </x>"


def test_many_attributes_and_namespaces_take_no_quadratic_time():
    attributes = parsed("<r><a " + " ".join(f'a{n}=""' for n in range(100_000)) + "/></r>").root[0]
    assert len(xml.canonical(attributes)) > 800_000
    declared = " ".join(f"xmlns:p{n}='urn:{n}'" for n in range(1_900))
    root = parsed(f"<r {declared}><y>" + "".join(f"<p{n}:x/>" for n in range(1_900)) + "</y></r>").root
    assert len(xml.canonical(root[0])) > 50_000
    many = "".join(f'<a xmlns:p="urn:{n}"/>' for n in range(xml.MAX_NAMESPACES + 1))
    assert "too many" in refused(f"<r>{many}</r>")
    assert parsed("<r>" + '<a xmlns:p="urn:p"/>' * 10_000 + "</r>")

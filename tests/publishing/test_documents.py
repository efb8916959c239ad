"""Documents for toolkits over HTTP: many files or one, consistent, cheap to ask for again, guarded if wanted."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path
from wsgiref.types import WSGIApplication, WSGIEnvironment

import pytest
import zeep
from lxml import etree

from soapkit.catalog import ContractError, contracts_root, load
from soapkit.faults import Refused
from soapkit.publish import Publishing, network
from soapkit.publish.flat import flat
from soapkit.publish.samples import sample
from soapkit.server import Service, application
from tests.contract.soapkit.orders import ADDRESS, SAMPLES, URL, Answer, get, orders, service, site
from tests.publishing.odd import OUT, XS, write
from tests.publishing.programs import program

WSDLS = sorted((contracts_root() / "wsdl").rglob("*.wsdl"))
ALL = [*WSDLS, *sorted((SAMPLES / "wsdl").glob("*.wsdl"))]


def content(message: etree._Element) -> list[object]:
    return [(each.tag, sorted(each.items()), each.text) for each in message.iter()]


@pytest.mark.parametrize("wsdl", ALL, ids=lambda path: path.stem)
def test_the_single_file_says_the_same_as_the_many(tmp_path: Path, wsdl: Path) -> None:
    many = load(wsdl)
    (tmp_path / "single.wsdl").write_bytes(flat(many, "https://o2c.example/s?x=1&y=2"))
    one = load(tmp_path / "single.wsdl")

    assert list(one.documents) == ["single.wsdl"]
    assert one.operations == many.operations
    assert [one.name, one.namespace, one.port_type] == [many.name, many.namespace, many.port_type]
    for operation in many.operations:
        for element in filter(
            None, (operation.input, operation.output, *operation.headers, *operation.faults.values())
        ):
            for full in (False, True):
                made = sample(many, element, full=full)
                assert one.check(made) == ()
                assert content(sample(one, element, full=full)) == content(made)


@pytest.mark.parametrize("wsdl", ALL, ids=lambda path: path.stem)
def test_the_single_file_leads_nowhere_and_has_one_schema_a_namespace(wsdl: Path) -> None:
    root = etree.fromstring(flat(load(wsdl), "https://o2c.example/s?x=1&y=2"))
    schemas = root.findall("{*}types/{*}schema")
    namespaces = [schema.get("targetNamespace", "") for schema in schemas]

    assert [
        each for each in root.iter("{*}import", "{*}include") if each.get("schemaLocation") or each.get("location")
    ] == []
    assert len(set(namespaces)) == len(namespaces)
    assert {each.get("namespace", "") for schema in schemas for each in schema.iterfind("{*}import")} <= set(namespaces)
    assert [each.get("location") for each in root.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address")] == [
        "https://o2c.example/s?x=1&y=2"
    ]


@pytest.mark.parametrize("wsdl", ALL, ids=lambda path: path.stem)
def test_zeep_accepts_the_single_file(tmp_path: Path, wsdl: Path) -> None:
    contract = load(wsdl)
    (tmp_path / "single.wsdl").write_bytes(flat(contract))

    client = zeep.Client(str(tmp_path / "single.wsdl"))  # type: ignore[no-untyped-call] # zeep is untyped

    (found,) = client.wsdl.services.values()
    (port,) = found.ports.values()
    assert set(port.binding._operations) == {operation.name for operation in contract.operations}


def test_wsimport_accepts_the_single_files_without_a_warning(tmp_path: Path) -> None:
    for wsdl in (WSDLS[0], SAMPLES / "wsdl" / "Orders.wsdl", SAMPLES / "wsdl" / "CutAccountRpc.wsdl"):
        (tmp_path / wsdl.name).write_bytes(flat(load(wsdl)))
        told = subprocess.run(
            [
                program("wsimport", "jaxws"),
                "-quiet",
                "-Xnocompile",
                "-s",
                str(tmp_path),
                "-d",
                str(tmp_path),
                str(tmp_path / wsdl.name),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert (told.stdout, told.stderr) == ("", "")

    assert list(tmp_path.rglob("PlaceOrder*.java"))


def test_documents_of_one_namespace_with_other_defaults_are_merged_without_a_change_of_meaning(tmp_path: Path) -> None:
    parts = {
        "a.xsd": f'<xs:schema {XS} targetNamespace="urn:odd"><xs:include schemaLocation="b.xsd"/>'
        '<xs:include schemaLocation="c.xsd"/><xs:element name="In" type="o:T"/>' + OUT + "</xs:schema>",
        "b.xsd": '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:p="urn:odd" targetNamespace="urn:odd" '
        'blockDefault="#all" finalDefault="restriction" attributeFormDefault="qualified"><xs:complexType name="T">'
        '<xs:sequence><xs:element name="Bare" type="p:U"/></xs:sequence><xs:attribute name="at" type="xs:int" '
        'use="required"/></xs:complexType></xs:schema>',
        "c.xsd": '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">'
        '<xs:complexType name="U"><xs:sequence><xs:element name="Own" type="V"/></xs:sequence></xs:complexType>'
        '<xs:simpleType name="V"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>',
    }
    for name, text in parts.items():
        (tmp_path / name).write_text(text)
    many = write(tmp_path, f'<xs:schema {XS}><xs:import namespace="urn:odd" schemaLocation="a.xsd"/></xs:schema>')
    (tmp_path / "single.wsdl").write_bytes(flat(many))
    one = load(tmp_path / "single.wsdl")

    made = sample(many, "{urn:odd}In", full=True)

    assert [each.tag for each in made.iter()] == ["{urn:odd}In", "Bare", "{urn:odd}Own"]
    assert made.keys() == ["{urn:odd}at"]
    assert one.check(made) == ()
    (kind,) = (each for each in etree.fromstring(flat(many)).iter("{*}complexType") if each.get("name") == "T")
    assert (kind.get("block"), kind.get("final")) == ("#all", "restriction")


def test_what_cannot_be_one_file_is_not_offered_as_one(tmp_path: Path) -> None:
    (tmp_path / "a.xsd").write_text(
        f'<xs:schema {XS} targetNamespace="urn:odd"><xs:simpleType name="T"><xs:restriction base="xs:string"/>'
        f'</xs:simpleType><xs:element name="In" type="o:T"/>{OUT}</xs:schema>'
    )
    contract = write(
        tmp_path,
        f'<xs:schema {XS} targetNamespace="urn:odd"><xs:redefine schemaLocation="a.xsd">'
        '<xs:simpleType name="T"><xs:restriction base="o:T"><xs:maxLength value="5"/></xs:restriction></xs:simpleType>'
        "</xs:redefine></xs:schema>",
    )

    with pytest.raises(ContractError, match="redefines"):
        flat(contract)


def test_the_zip_holds_files_that_work_where_they_are_unpacked(tmp_path: Path) -> None:
    answer = get(site(), f"{ADDRESS}?zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path)
    unpacked = load(tmp_path / "wsdl" / "Orders.wsdl")

    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Orders.zip"'
    assert unpacked.operations == orders().operations
    assert f'location="{ADDRESS}"' in (tmp_path / "wsdl" / "Orders.wsdl").read_text()
    assert get(site(), f"{ADDRESS}?zip").content == answer.content


SHOWN = ["", "?wsdl", "?WSDL", "?singleWsdl", "?zip", "?xsd=xsd/orders/Order.xsd", "?example=Echo"]


@pytest.mark.parametrize("query", SHOWN)
def test_what_a_client_has_is_not_sent_again(query: str) -> None:
    app, address = site(), ADDRESS + query
    first = get(app, address)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]

    assert (get(app, address, "HEAD").content, get(app, address, "HEAD").headers["ETag"]) == (b"", tag)
    for known in ({"If-None-Match": f'"other", W/{tag}'}, {"If-None-Match": "*"}, {"If-Modified-Since": modified}):
        again = get(app, address, **known)
        assert (again.status, again.content, again.headers["ETag"]) == (304, b"", tag)
    changed = {"If-None-Match": '"other"', "If-Modified-Since": modified}
    for stale in (changed, {"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}, {"If-Modified-Since": "soon"}):
        assert get(app, address, **stale).status == 200


@pytest.mark.parametrize(
    "query", ["?wsdl=nothing", "?xsd=", "?example=Nothing", "?example=Echo&soap=2", "?example=Notify&part=response"]
)
def test_what_there_is_not_is_404(query: str) -> None:
    assert get(site(), ADDRESS + query).status == 404


def test_a_document_is_sent_in_the_charset_it_declares(tmp_path: Path) -> None:
    write(
        tmp_path, f'<xs:schema {XS} targetNamespace="urn:odd"><xs:element name="In" type="xs:string"/>{OUT}</xs:schema>'
    )
    text = (
        (tmp_path / "Odd.wsdl")
        .read_text()
        .replace("<wsdl:types>", "<wsdl:documentation>Gebühr</wsdl:documentation><wsdl:types>")
    )
    (tmp_path / "Old.wsdl").write_bytes(f'<?xml version="1.0" encoding="ISO-8859-1"?>{text}'.encode("latin-1"))
    contract = load(tmp_path / "Old.wsdl")
    handlers = {operation.name: lambda _: None for operation in contract.operations}
    app = application([Service(contract, handlers)], public_url=URL)

    answer = get(app, f"{URL}/services/Odd?wsdl")

    assert answer.headers["Content-Type"] == "text/xml; charset=iso-8859-1"
    assert "Gebühr" in answer.content.decode("iso-8859-1")
    assert "Gebühr" in get(app, f"{URL}/services/Odd").content.decode()


def test_the_list_is_not_sent_again_either() -> None:
    for address in (f"{URL}/services/", f"{URL}/services?format=json"):
        tag = get(site(), address).headers["ETag"]
        assert get(site(), address, **{"If-None-Match": tag}).status == 304


def behind_proxy() -> WSGIApplication:
    app = application([service()], public_url=URL, publishing=Publishing(trusted_proxies=(network("10.0.0.1"),)))

    def connected(environ: WSGIEnvironment, start_response: object) -> object:
        environ["REMOTE_ADDR"] = environ.pop("HTTP_TEST_PEER")
        return app(environ, start_response)  # type: ignore[arg-type]

    return connected  # type: ignore[return-value]


def asked(peer: str, query: str, **headers: str) -> Answer:
    named = {f"X-Forwarded-{name}": value for name, value in headers.items()}
    return get(behind_proxy(), ADDRESS + query, **{"Test-Peer": peer, **named})


@pytest.mark.parametrize("query", ["", "?wsdl", "?singleWsdl", "?xsd=xsd/orders/Order.xsd"])
def test_documents_and_pages_say_the_address_that_a_trusted_proxy_says_and_nobody_else(query: str) -> None:
    said = {"Proto": "https", "Host": "partners.example", "Prefix": "/o2c"}

    trusted, poisoned, plain = (
        asked("10.0.0.1", query, **said),
        asked("10.0.0.2", query, **said),
        asked("10.0.0.2", query),
    )

    if "xsd" not in query or b"schemaLocation" in plain.content:
        assert b"https://partners.example/o2c/services/Orders" in trusted.content
    assert poisoned.content == plain.content
    assert b"partners.example" not in poisoned.content
    assert asked("10.0.0.2", query).content == plain.content


def test_a_guard_decides_who_sees_anything_but_not_who_calls() -> None:
    def guard(environ: WSGIEnvironment) -> None:
        if environ.get("HTTP_AUTHORIZATION") != "Basic b3BlbjpzZXNhbWU=":
            challenge = (("WWW-Authenticate", 'Basic realm="o2c"'),)
            raise Refused("authentication", "The caller must authenticate", status=401, http_headers=challenge)

    app = application([service()], public_url=URL, publishing=Publishing(guard=guard))

    for query in SHOWN:
        refused = get(app, ADDRESS + query)
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="o2c"')
        assert b"Orders" not in refused.content
        shown = get(app, ADDRESS + query, Authorization="Basic b3BlbjpzZXNhbWU=")
        assert (shown.status, shown.headers["Cache-Control"]) == (200, "private, no-cache")
    for index in ("/services/", "/services?format=json"):
        assert get(app, URL + index).status == 401
        assert get(app, URL + index, Authorization="Basic b3BlbjpzZXNhbWU=").status == 200

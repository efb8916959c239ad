"""Pages for people: complete, escaped, strict about what a browser may load, and true: what they show works."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from wsgiref.types import WSGIEnvironment

import pytest
from lxml import etree, html

from soapkit.catalog import Contract, contracts_root, load
from soapkit.envelope import split
from soapkit.publish import Publishing
from soapkit.server import Service, application, running
from tests.contract.soapkit.orders import ADDRESS, SAMPLES, URL, get, orders, service
from tests.interop.toolkits import AXIS_JARS
from tests.publishing.odd import OUT, XS, write
from tests.publishing.programs import program

WSDLS = [*sorted((contracts_root() / "wsdl").rglob("*.wsdl")), *sorted((SAMPLES / "wsdl").glob("*.wsdl"))]


def serving(contract: Contract) -> Service:
    return Service(contract, {operation.name: lambda _: None for operation in contract.operations})


def page(contract: Contract, publishing: Publishing | None = None) -> html.HtmlElement:
    app = application([serving(contract)], public_url=URL, publishing=publishing)
    answer = get(app, f"{URL}/services/{contract.name}")
    assert answer.status == 200
    return html.document_fromstring(answer.content.decode())


def labelled(found: html.HtmlElement, start: str) -> dict[str, str]:
    """Return the texts of the boxes whose label begins so."""
    boxes = {each.get("aria-label", ""): "".join(map(str, each.itertext())) for each in found.iter("pre")}
    return {label: text for label, text in boxes.items() if label.startswith(start)}


def body_of(message: bytes) -> etree._Element:
    body = split(etree.fromstring(message)).body
    return next(body.iterfind("detail/*"), body)


@pytest.fixture(scope="module")
def shown() -> html.HtmlElement:
    return page(orders())


@pytest.fixture(scope="module")
def live() -> Iterator[str]:
    with running(lambda url: application([service()], public_url=url)) as url:
        yield url


@pytest.mark.parametrize("wsdl", WSDLS, ids=lambda path: path.stem)
def test_every_service_has_a_page_that_names_its_operations_and_what_is_said_of_them(wsdl: Path) -> None:
    contract = load(wsdl)
    found = page(contract)
    texts = " ".join(found.itertext())

    titles = [str(each.text) for each in found.iter("h3") if each.get("id", "").startswith("operation-")]
    assert titles == [operation.name for operation in contract.operations]
    documented = {
        " ".join("".join(map(str, node.itertext())).split())
        for node in etree.parse(wsdl).iterfind("{*}portType/{*}operation/{*}documentation")
    }
    assert all(each in " ".join(texts.split()) for each in documented)


@pytest.mark.parametrize("wsdl", WSDLS, ids=lambda path: path.stem)
def test_every_example_on_a_page_and_behind_its_links_is_valid(wsdl: Path) -> None:
    contract = load(wsdl)
    app = application([serving(contract)], public_url=URL)
    found = page(contract)
    links = [str(each.get("href")) for each in found.iter("a") if "example=" in each.get("href", "")]
    messages = [text.encode() for label, text in labelled(found, "Example").items() if "header block" not in label]
    messages += [get(app, f"{URL}/services/{contract.name}{link}").content for link in links]

    bodies = [body_of(message) for message in messages]

    assert len(bodies) > 4 * len(contract.operations)
    assert [each.tag for each in bodies if contract.check(each)] == []


def test_a_page_offers_all_documents_and_a_command_for_every_toolkit(shown: html.HtmlElement) -> None:
    app = application([service()], public_url=URL)
    links = {str(each) for each in shown.xpath("//li/a/@href")}
    toolkits = [each.text for each in shown.xpath('//h2[@id="stubs"]/following-sibling::dl[1]/dt')]

    assert {"?wsdl", "?singleWsdl", "?zip", "?xsd=xsd%2Forders%2FOrder.xsd"} <= links
    assert toolkits == ["Python, zeep", "Python, suds", "Java, JAX-WS", "Java, Axis 1.4", "Node.js, soap", ".NET"]
    assert all(get(app, ADDRESS + link).status == 200 for link in links if link.startswith("?"))


def test_an_operation_may_be_called_like_a_part_of_the_page(tmp_path: Path) -> None:
    write(
        tmp_path, f'<xs:schema {XS} targetNamespace="urn:odd"><xs:element name="In" type="xs:string"/>{OUT}</xs:schema>'
    )
    text = (tmp_path / "Odd.wsdl").read_text().replace('"Try"', '"message"')
    (tmp_path / "Message.wsdl").write_text(text)

    found = page(load(tmp_path / "Message.wsdl"))
    ids = [str(each.get("id")) for each in found.iter() if each.get("id")]

    assert "operation-message" in ids
    assert len(set(ids)) == len(ids)


def test_a_page_is_labelled_for_those_who_do_not_see_it(shown: html.HtmlElement) -> None:
    levels = [int(each.tag[1]) for each in shown.iter("h1", "h2", "h3", "h4")]
    fields = {str(each.get("id")) for each in shown.iter("input", "select", "textarea")}

    assert shown.get("lang") == "en"
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert fields == {str(each) for each in shown.xpath("//label/@for")}
    assert all(each.get("aria-label") or each.get("aria-labelledby") for each in shown.iter("pre"))


def test_a_browser_may_load_nothing_but_the_page_itself() -> None:
    app = application([service()], public_url=URL)

    for address in (ADDRESS, f"{URL}/services/"):
        answer = get(app, address)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert (answer.headers["X-Content-Type-Options"], answer.headers["X-Frame-Options"]) == ("nosniff", "DENY")
        assert b" style=" not in answer.content
        assert not re.search(rb"\son\w+=", answer.content)
        assert not re.search(rb'(?:src|href)="(?:https?:)?//', answer.content)


def test_the_policy_allows_exactly_the_style_and_script_of_the_page() -> None:
    answer = get(application([service()], public_url=URL), ADDRESS)
    for tag in ("style", "script"):
        inline = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.content.decode(), re.DOTALL)
        hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline]
        assert len(hashes) == 1
        assert f"'sha256-{hashes[0]}'" in answer.headers["Content-Security-Policy"]


def test_what_a_contract_says_is_text_and_never_markup(tmp_path: Path) -> None:
    evil = "</textarea><script>alert(1)</script>\"'<img src=x onerror=alert(1)>"
    write(
        tmp_path, f'<xs:schema {XS} targetNamespace="urn:odd"><xs:element name="In" type="xs:string"/>{OUT}</xs:schema>'
    )
    wsdl = etree.parse(tmp_path / "Odd.wsdl")
    for operation in wsdl.iterfind("{*}portType/{*}operation"):
        documentation = etree.Element("{http://schemas.xmlsoap.org/wsdl/}documentation")
        documentation.text = evil
        operation.insert(0, documentation)
    for soap in wsdl.iterfind("{*}binding/{*}operation/{http://schemas.xmlsoap.org/wsdl/soap/}operation"):
        soap.set("soapAction", evil)
    for element in wsdl.iterfind("{*}types//{*}element"):
        element.set("fixed", evil)
    wsdl.write(tmp_path / "Evil.wsdl")

    found = page(load(tmp_path / "Evil.wsdl"))

    assert "".join(map(str, found.itertext())).count("<script>alert(1)</script>") >= 3
    assert len(list(found.iter("script"))) == 1
    assert list(found.iter("img")) == []


def test_a_message_without_an_example_does_not_take_the_page_with_it(tmp_path: Path) -> None:
    endless = '<xs:complexType name="T"><xs:sequence><xs:element name="A" type="o:T"/></xs:sequence></xs:complexType>'
    message = f'<xs:element name="In" type="o:T"/>{endless}{OUT}'
    contract = write(tmp_path, f'<xs:schema {XS} targetNamespace="urn:odd">{message}</xs:schema>')
    app = application([serving(contract)], public_url=URL)

    texts = "".join(map(str, page(contract).itertext()))
    asked = get(app, f"{URL}/services/Odd?example=Try")

    assert "No example can be made: {urn:odd}In can only be endless" in texts
    assert (asked.status, asked.content) == (404, b"{urn:odd}In can only be endless\n")


def test_a_page_that_fails_tells_the_outside_nothing() -> None:
    def guard(_: WSGIEnvironment) -> None:
        raise OSError("/var/lib/o2c/secret.db")

    app = application([service()], public_url=URL, publishing=Publishing(guard=guard))
    answer = get(app, ADDRESS)

    assert (answer.status, answer.content) == (500, b"This cannot be shown\n")


def test_the_form_can_be_switched_off_and_asks_for_credentials_when_they_are_needed() -> None:
    without, plain, asking = (
        page(orders(), Publishing(try_it=False)),
        page(orders()),
        page(orders(), Publishing(credentials=frozenset({"Orders"}))),
    )

    assert list(without.iter("form", "script", "textarea")) == []
    assert plain.xpath('//input[@type="password"]') == []
    assert [each.get("id") for each in asking.iter("input")] == ["user", "password"]
    assert "--user USER:PASSWORD" in "".join(asking.itertext())


def test_every_curl_line_works_as_it_is_pasted(live: str) -> None:
    found = html.document_fromstring(get_live(f"{live}/services/Orders"))
    lines = labelled(found, "curl")

    answers = {
        label: subprocess.run(
            ["bash", "-c", f"{line} -w '\\n%{{http_code}}'"], capture_output=True, text=True, check=True
        )
        for label, line in lines.items()
    }

    assert {label: answer.stdout.rpartition("\n")[2] for label, answer in answers.items()} == {
        "curl command for Echo": "200",
        "curl command for PlaceOrder": "200",
        "curl command for Notify": "202",
    }
    assert "Accepted>true<" in answers["curl command for PlaceOrder"].stdout


def get_live(address: str) -> str:
    return subprocess.run([program("curl", "curl"), "-sS", address], capture_output=True, text=True, check=True).stdout


def test_the_commands_that_generate_stubs_work_as_they_are_pasted(live: str, tmp_path: Path) -> None:
    found = html.document_fromstring(get_live(f"{live}/services/Orders"))
    commands = labelled(found, "Command for")
    jars = ":".join(str(path) for path in Path("/usr/share/java").glob("*.jar") if path.stem in AXIS_JARS)
    program("wsimport", "jaxws")
    if not jars:
        pytest.skip("axis.jar is missing; apt-get install libaxis-java")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "AXIS_CLASSPATH": jars}

    printed = {
        toolkit: subprocess.run(
            ["bash", "-c", commands[f"Command for {toolkit}"]],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=tmp_path,
        ).stdout
        for toolkit in ("Python, zeep", "Python, suds", "Java, JAX-WS", "Java, Axis 1.4")
    }

    assert "PlaceOrder(Id: xsd:string" in printed["Python, zeep"]
    assert "PlaceOrder(xs:string Id" in printed["Python, suds"]
    assert len({path.name for path in tmp_path.rglob("PlaceOrderResponseType.java")}) == 1
    assert list(tmp_path.rglob("Orders*Stub.java"))

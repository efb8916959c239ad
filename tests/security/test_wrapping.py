"""Signature wrapping (McIntosh and Austel 2005, Jensen et al. 2011): something was signed, and it is not what is read.

Each attack takes a message that osm has signed and moves the signed part to where it is still found by its id, while
another order stands where the Body is read. None may reach a handler; the table says which rule refuses which.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from copy import deepcopy

import pytest
from lxml import etree

from soapkit.wss.security import Proof
from tests.contract.soapkit.orders import order, post
from tests.security.conftest import Build
from tests.security.envelopes import DS, NOW, SOAP_11, WSSE, WSU, Message, Partner, by_id, canonical, security

ID = f"{{{WSU}}}Id"
Attack = Callable[[etree._Element], None]
EVIL = order(lines=1).replace("order-1", "stolen")


def _moved_aside(root: etree._Element, name: str | None = None) -> etree._Element:
    """Put another Body in the place of the signed one, and return the signed one, which is now nowhere."""
    signed = by_id(root, "B-1")
    evil = etree.SubElement(root, f"{{{SOAP_11}}}Body")
    evil.append(etree.fromstring(EVIL))
    if name is not None:
        evil.set(ID, name)
    root.remove(signed)
    return signed


def _header(root: etree._Element) -> etree._Element:
    found = root.find(f"{{{SOAP_11}}}Header")
    assert found is not None
    return found


def simple(root: etree._Element) -> None:
    """Put the signed Body into a header block that nobody reads."""
    wrapper = etree.SubElement(_header(root), "{urn:x}Wrapper")
    wrapper.append(_moved_aside(root))


def simple_with_another_id(root: etree._Element) -> None:
    wrapper = etree.SubElement(_header(root), "{urn:x}Wrapper")
    wrapper.append(_moved_aside(root, "B-2"))


def simple_with_the_same_id(root: etree._Element) -> None:
    wrapper = etree.SubElement(_header(root), "{urn:x}Wrapper")
    wrapper.append(_moved_aside(root, "B-1"))


def as_a_header_block(root: etree._Element) -> None:
    """Make the signed Body a header block itself: those may be signed."""
    _header(root).append(_moved_aside(root))


def optional_element(root: etree._Element) -> None:
    """Wrap the signed Timestamp, and leave one beside it that nobody signed."""
    stamp = by_id(root, "TS-1")
    copy = deepcopy(stamp)
    copy.attrib.pop(ID)
    security(root).replace(stamp, copy)
    etree.SubElement(_header(root), "{urn:x}Wrapper").append(stamp)


def inside_the_security_header(root: etree._Element) -> None:
    security(root).append(_moved_aside(root))


def inside_the_signature(root: etree._Element) -> None:
    signature = security(root).find(f"{{{DS}}}Signature")
    assert signature is not None
    etree.SubElement(signature, f"{{{DS}}}Object").append(_moved_aside(root))


def inside_the_evil_body(root: etree._Element) -> None:
    signed = _moved_aside(root)
    root[-1][0].append(signed)


def after_the_evil_body(root: etree._Element) -> None:
    root.append(_moved_aside(root))


def before_the_header(root: etree._Element) -> None:
    root.insert(0, _moved_aside(root))


def envelope_in_envelope(root: etree._Element) -> None:
    """Put the whole signed message inside a header block of a new one, which borrows its Security header."""
    signed = deepcopy(root)
    _moved_aside(root)
    signed.remove(_header(signed))
    etree.SubElement(_header(root), "{urn:x}Wrapper").append(signed)


def security_of_another_role(root: etree._Element) -> None:
    """Let a first Security header, for somebody else, carry the good signature; ours is bare."""
    ours = security(root)
    theirs = deepcopy(ours)
    theirs.set(f"{{{SOAP_11}}}actor", "urn:somebody-else")
    ours.getparent().insert(0, theirs)  # type: ignore[union-attr] # it has one
    ours.remove(ours.find(f"{{{DS}}}Signature"))  # type: ignore[arg-type] # it has one


def ids_of_another_namespace(root: etree._Element) -> None:
    """Let the evil Body bear the id where a lax verifier looks as well."""
    etree.SubElement(_header(root), "{urn:x}Wrapper").append(_moved_aside(root))
    root[-1].set("{urn:x}Id", "B-1")


def ids_in_capitals(root: etree._Element) -> None:
    etree.SubElement(_header(root), "{urn:x}Wrapper").append(_moved_aside(root))
    root[-1].set("{urn:x}ID", "B-1")


def another_order_in_the_signed_body(root: etree._Element) -> None:
    """Leave the signed Body where it is, and put another order into it."""
    body = by_id(root, "B-1")
    body.append(etree.fromstring(EVIL))
    body.remove(body[0])


def reference_to_all(root: etree._Element) -> None:
    next(root.iter(f"{{{DS}}}Reference")).set("URI", "")


def reference_by_xpointer(root: etree._Element) -> None:
    next(root.iter(f"{{{DS}}}Reference")).set("URI", "#xpointer(id('B-1'))")


def reference_to_another_document(root: etree._Element) -> None:
    next(root.iter(f"{{{DS}}}Reference")).set("URI", "http://attacker.example/body.xml")


def reference_without_uri(root: etree._Element) -> None:
    del next(root.iter(f"{{{DS}}}Reference")).attrib["URI"]


def signature_excluded(root: etree._Element) -> None:
    _moved_aside(root)
    for signature in list(root.iter(f"{{{DS}}}Signature")):
        security(root).remove(signature)


def two_signatures(root: etree._Element) -> None:
    _moved_aside(root)
    header = security(root)
    header.append(deepcopy(header.find(f"{{{DS}}}Signature")))  # type: ignore[arg-type] # it has one


def signature_in_the_header_beside(root: etree._Element) -> None:
    _moved_aside(root)
    header = security(root)
    for signature in header.findall(f"{{{DS}}}Signature"):
        _header(root).append(signature)


def digest_swapped(root: etree._Element) -> None:
    """Make the digest fit the other order; the signature over it no longer does."""
    other = Message(body=EVIL, created=NOW).tree()
    by_id(root, "B-1").append(by_id(other, "B-1")[0])
    by_id(root, "B-1").remove(by_id(root, "B-1")[0])
    made = hashlib.sha256(canonical(by_id(root, "B-1"))).digest()
    next(root.iter(f"{{{DS}}}DigestValue")).text = base64.b64encode(made).decode()


ATTACKS: dict[Attack, str] = {
    simple: "signature-references",
    simple_with_another_id: "signature-references",
    simple_with_the_same_id: "wsu-id",
    as_a_header_block: "signature-references",
    optional_element: "signature-references",
    inside_the_security_header: "security-token",
    inside_the_signature: "signature",
    inside_the_evil_body: "signature-references",
    after_the_evil_body: "envelope",
    before_the_header: "envelope",
    envelope_in_envelope: "signature-references",
    security_of_another_role: "signature",
    ids_of_another_namespace: "signature-references",
    ids_in_capitals: "signature-references",
    another_order_in_the_signed_body: "signature",
    reference_to_all: "signature-references",
    reference_by_xpointer: "signature-references",
    reference_to_another_document: "signature-references",
    reference_without_uri: "signature-references",
    signature_excluded: "signature",
    two_signatures: "security-header",
    signature_in_the_header_beside: "signature",
    digest_swapped: "signature",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_what_was_signed_is_what_is_processed(build: Build, partner: Partner, attack: Attack) -> None:
    site = build(Proof.SIGNATURE)
    answer = post(site.app, Message(created=NOW, signer=partner).xml(attack))

    assert (answer.status, site.seen) == (500, [])
    assert answer.body.tag == f"{{{SOAP_11}}}Fault"
    assert "stolen" not in answer.text
    assert f"[{ATTACKS[attack]} at /Envelope" in answer.text

    assert post(site.app, Message(created=NOW, signer=partner).xml()).status == 200


def test_an_id_that_something_in_the_order_bears_too_names_nothing(build: Build, partner: Partner) -> None:
    site = build(Proof.SIGNATURE)
    block = '<x:Note xmlns:x="urn:x" id="B-1"/>'
    answer = post(site.app, Message(created=NOW, signer=partner, before=block).xml())
    assert (answer.code.rpartition(":")[2], site.seen) == ("FailedCheck", [])


def test_an_id_that_two_elements_bear_is_refused(build: Build, partner: Partner) -> None:
    block = f'<x:Note xmlns:x="urn:x" xmlns:wsu="{WSU}" wsu:Id="same"/>' * 2
    answer = post(build(Proof.SIGNATURE).app, Message(created=NOW, signer=partner, before=block).xml())
    assert (answer.code.rpartition(":")[2], "[wsu-id" in answer.text) == ("InvalidSecurity", True)


def test_the_key_of_a_token_in_another_header_is_not_taken(build: Build, partner: Partner) -> None:
    site = build(Proof.SIGNATURE)

    def moved(root: etree._Element) -> None:
        token = by_id(root, "X509-1")
        theirs = etree.Element(f"{{{WSSE}}}Security", {f"{{{SOAP_11}}}actor": "urn:somebody-else"})
        theirs.append(token)
        _header(root).insert(0, theirs)

    answer = post(site.app, Message(created=NOW, signer=partner).xml(moved))
    assert (answer.code.rpartition(":")[2], site.seen) == ("SecurityTokenUnavailable", [])

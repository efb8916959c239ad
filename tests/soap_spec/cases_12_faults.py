"""SOAP 1.2 Part 1, chapter 5.4 and appendix A: faults and their codes, versions and how one is told of them."""

from __future__ import annotations

from soapkit.versions import Version
from tests.soap_spec.case import (
    PLACED,
    S11,
    S12,
    Case,
    answered,
    envelope,
    place,
    refused,
    sent,
    strange,
)
from tests.soap_spec.http import Sent
from tests.soap_spec.site import BROKEN, REFUSED

NS = S12.value
SUPPORTED = f"{{{NS}}}SupportedEnvelope"
UPGRADE = ((SUPPORTED, S12.envelope), (SUPPORTED, S11.envelope))
MANDATORY = 'env:mustUnderstand="1"'
NOT_UNDERSTOOD = f"{{{NS}}}NotUnderstood"


def _mismatch(rule: str, about: str, xml: str, version: Version = S12) -> Case:
    request = sent(envelope(place()), version)
    return refused(rule, about, Sent(xml.encode(), request.fields), "VersionMismatch", blocks=UPGRADE)


def _other(namespace: str) -> str:
    return envelope(place()).replace(NS, namespace)


FAULTS = (
    refused(
        "soap12-p1-5.4-sender",
        "A wrong message is the sender's fault.",
        sent(envelope(place().replace("ADD", "GROW"))),
        "Sender",
        text="GROW",
    ),
    refused(
        "soap12-p1-5.4-receiver",
        "A node that fails says that it is not the message's fault.",
        sent(envelope(place(BROKEN))),
        "Receiver",
        effect=True,
    ),
    refused(
        "soap12-p1-5.4-detail",
        "What an application has to say about the Body is in the Detail.",
        sent(envelope(place(REFUSED))),
        "Sender",
        effect=True,
        detail=True,
        text="The order is refused",
    ),
    refused(
        "soap12-p1-5.4.1-unknown-operation",
        "A Body that nobody takes is the sender's fault.",
        sent(envelope("<Unknown xmlns='urn:x'/>")),
        "Sender",
    ),
    refused(
        "soap12-p1-5.4.6-data-encoding",
        "An unknown encoding has a code of its own.",
        sent(envelope(place().replace("<PlaceOrder", '<PlaceOrder env:encodingStyle="urn:e"'))),
        "DataEncodingUnknown",
    ),
    refused(
        "soap12-p1-5.4.6-must-understand",
        "So has a mandatory block that is not understood.",
        sent(envelope(place(), strange(MANDATORY))),
        "MustUnderstand",
        blocks=((NOT_UNDERSTOOD, "{urn:strange}Strange"),),
    ),
    refused(
        "soap12-p1-5.4.8-default-namespace",
        "The name of such a block can be resolved where it stands, whatever prefix it came with.",
        sent(envelope(place(), f'<Odd xmlns="urn:odd" {MANDATORY}/>')),
        "MustUnderstand",
        blocks=((NOT_UNDERSTOOD, "{urn:odd}Odd"),),
    ),
    refused(
        "soap12-p1-5.4.8-soap-prefix",
        "Even with the prefix that the envelope of the answer uses.",
        sent(envelope(place(), f'<soap:Odd xmlns:soap="urn:odd" {MANDATORY}/>')),
        "MustUnderstand",
        blocks=((NOT_UNDERSTOOD, "{urn:odd}Odd"),),
    ),
)

VERSIONS = (
    _mismatch(
        "soap12-p1-5.4.7-upgrade",
        "An envelope of an unknown version is told which are known, the best one first.",
        _other("http://www.w3.org/2099/soap-envelope"),
    ),
    _mismatch(
        "soap12-p1-5.4.7-draft",
        "A draft's namespace is another version.",
        _other("http://www.w3.org/2001/12/soap-envelope"),
    ),
    _mismatch("soap12-p1-5.4.7-case", "Names of namespaces are compared as they are written.", _other(NS.upper())),
    _mismatch(
        "soap12-p1-5.4.7-no-namespace",
        "So is no namespace at all.",
        "<Envelope><Body><PlaceOrder/></Body></Envelope>",
    ),
    _mismatch(
        "soap12-p1-5.4.6-local-name",
        "An element of another name, where the Envelope should be, is a version mismatch too.",
        envelope(place()).replace("env:Envelope", "env:Message"),
    ),
    _mismatch("soap12-p1-5.4.6-other-document", "Whatever its namespace.", place()),
    _mismatch(
        "soap12-p1-A-unknown-in-11",
        "A node of both versions tells of both, in SOAP 1.1 as well.",
        _other("http://www.w3.org/2099/soap-envelope"),
        S11,
    ),
    answered(
        "soap12-p1-A-11-in-11",
        "A node of both versions answers SOAP 1.1 in SOAP 1.1.",
        sent(envelope(place(), version=S11), S11),
        version=S11,
        body=PLACED,
    ),
    answered("soap12-p1-A-12-in-12", "And SOAP 1.2 in SOAP 1.2.", sent(envelope(place())), body=PLACED),
    refused(
        "soap12-p1-A-fault-11",
        "Faults are told in the version of the message.",
        sent(envelope("<Unknown xmlns='urn:x'/>", version=S11), S11),
        "Client",
    ),
    refused(
        "soap12-p1-A-mixed-header",
        "An envelope of one version with the parts of another is no envelope.",
        sent(
            f'<env:Envelope xmlns:env="{NS}"><s:Header xmlns:s="{S11.value}"/>'
            f"<env:Body>{place()}</env:Body></env:Envelope>"
        ),
        "Sender",
    ),
)

CASES: tuple[Case, ...] = (*FAULTS, *VERSIONS)

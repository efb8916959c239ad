"""SOAP 1.2 Part 1, chapter 2: roles, mandatory blocks, and the order in which a node looks at a message."""

from __future__ import annotations

from tests.soap_spec.case import (
    NEXT,
    NONE,
    OTHER,
    S11,
    S12,
    ULTIMATE,
    Case,
    answered,
    envelope,
    place,
    refused,
    sent,
    session,
    strange,
)

MANDATORY = 'env:mustUnderstand="true"'
NOT_UNDERSTOOD = f"{{{S12.value}}}NotUnderstood"
STRANGE = (NOT_UNDERSTOOD, "{urn:strange}Strange")


def _role(role: str) -> str:
    return f'{MANDATORY} env:role="{role}"'


def _header(rule: str, about: str, header: str) -> Case:
    return answered(f"soap12-p1-{rule}", about, sent(envelope(place(), header)))


def _not_understood(rule: str, about: str, header: str, *names: str) -> Case:
    blocks = tuple((NOT_UNDERSTOOD, name) for name in names or ("{urn:strange}Strange",))
    return refused(f"soap12-p1-{rule}", about, sent(envelope(place(), header)), "MustUnderstand", blocks=blocks)


ROLES = (
    _not_understood("2.2-next", "Every node acts as next.", strange(_role(NEXT[S12]))),
    _not_understood("2.2-ultimate", "The last node acts as ultimateReceiver.", strange(_role(ULTIMATE))),
    _not_understood("2.2-absent", "A block without a role is for the ultimate receiver.", strange(MANDATORY)),
    _header("2.2-none", "No node acts as none, not even on a mandatory block.", strange(_role(NONE))),
    _header("2.2-other", "A block for a role that this node does not act in is not looked at.", strange(_role(OTHER))),
    _header("2.2-case", "Roles are compared as they are written, case included.", strange(_role(NEXT[S12].upper()))),
    _header("2.2-role-of-11", "The role of another version of SOAP is just another URI.", strange(_role(NEXT[S11]))),
    _header("2.2-known-next", "A block that is understood is processed in the role next.", session(_role(NEXT[S12]))),
    _header("2.2-known-ultimate", "So it is for the ultimate receiver.", session(_role(ULTIMATE))),
    _header("2.2-known-none", "A block for none may be there all the same.", session(_role(NONE))),
    _header(
        "2.2-known-invalid-for-other",
        "What is wrong with a block for somebody else is not this node's business.",
        session(f'env:role="{OTHER}"').replace("Token>", "Ticket>"),
    ),
)

MANDATORY_BLOCKS = (
    _not_understood("2.4-true", "A mandatory block that is not understood makes a fault.", strange(MANDATORY)),
    _not_understood("2.4-one", "1 means true.", strange('env:mustUnderstand="1"')),
    _not_understood("2.4-spaces", "Space around a boolean does not count.", strange('env:mustUnderstand=" true "')),
    _header("2.4-false", "A block that is not mandatory may be ignored.", strange('env:mustUnderstand="false"')),
    _header("2.4-zero", "0 means false.", strange('env:mustUnderstand="0"')),
    _header("2.4-absent", "A block that says nothing is not mandatory.", strange()),
    _header("2.4-understood", "A mandatory block that is understood is processed.", session(MANDATORY)),
    _not_understood(
        "2.4-name-only",
        "A block is known by its whole name: namespace and local name.",
        session(MANDATORY).replace("urn:example:common", "urn:strange"),
        "{urn:strange}Session",
    ),
    _header(
        "2.4-attribute-of-11",
        "The mustUnderstand of another version of SOAP means nothing here.",
        strange(f'xmlns:s="{S11.value}" s:mustUnderstand="1"'),
    ),
    _header(
        "2.4-unqualified",
        "An attribute of that name in no namespace means nothing.",
        strange('mustUnderstand="true"'),
    ),
)

ORDER = (
    _not_understood(
        "2.6-all",
        "One fault is made for all blocks that are not understood.",
        strange(MANDATORY) + strange(MANDATORY, "Other") + strange("", "Third"),
        "{urn:strange}Strange",
        "{urn:strange}Other",
    ),
    _not_understood(
        "2.6-beside-understood",
        "A block that is understood does not excuse another.",
        session(MANDATORY) + strange(MANDATORY),
    ),
    _header(
        "2.6-ignored-first",
        "Blocks that are ignored do not change what is understood.",
        strange() + strange(_role(OTHER)) + session(MANDATORY),
    ),
    _header(
        "2.6-ignored-last", "The order of header blocks does not matter.", session(MANDATORY) + strange(_role(NONE))
    ),
    refused(
        "soap12-p1-2.6-before-body",
        "Mandatory blocks are judged before anything is processed: a bad Body is not even seen.",
        sent(envelope(place().replace("ADD", "GROW"), strange(MANDATORY))),
        "MustUnderstand",
        blocks=(STRANGE,),
    ),
    refused(
        "soap12-p1-2.6-before-operation",
        "So it is for a Body that no operation takes.",
        sent(envelope("<unknown xmlns='urn:x'/>", strange(MANDATORY))),
        "MustUnderstand",
        blocks=(STRANGE,),
    ),
    refused(
        "soap12-p1-2.6-before-blocks",
        "And for a block that is understood and wrong.",
        sent(envelope(place(), session().replace("Token>", "Ticket>") + strange(MANDATORY))),
        "MustUnderstand",
        blocks=(STRANGE,),
    ),
    refused(
        "soap12-p1-2.6-no-effect",
        "A message that makes a fault before its Body is processed has no effect.",
        sent(envelope(place().replace("PlaceOrder", "Notify"), strange(MANDATORY))),
        "MustUnderstand",
        blocks=(STRANGE,),
    ),
    refused(
        "soap12-p1-2.6-invalid-block",
        "A block that is understood and wrong makes a fault.",
        sent(envelope(place(), session().replace("Token>", "Ticket>"))),
        "Sender",
    ),
)

RELAY = (
    *(
        _header(f"2.7-relay-{value}", "The last node relays nothing.", strange(f'env:relay="{value}"'))
        for value in ("true", "false", "1", "0")
    ),
    _not_understood(
        "2.7-relay-mandatory", "relay does not excuse a mandatory block.", strange(f'{MANDATORY} env:relay="true"')
    ),
)

CASES: tuple[Case, ...] = (*ROLES, *MANDATORY_BLOCKS, *ORDER, *RELAY)

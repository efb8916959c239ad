"""Contracts on disk: what is read out of them, how messages are checked, and what makes them unusable."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from lxml import etree

from soapkit import catalog
from soapkit.catalog import Contract, ContractError, Violation, contracts_root, load

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "soapkit"
NAMES = 'xmlns="urn:example:orders" xmlns:c="urn:example:common"'


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "contract"))


def orders() -> Contract:
    return load(SAMPLES / "wsdl" / "Orders.wsdl")


def rewritten(file: Path, old: str, new: str) -> Contract:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return load(next(parent for parent in file.parents if parent.name == "contract") / "wsdl" / "Orders.wsdl")


def test_a_contract_names_its_service_operations_and_documents() -> None:
    contract = orders()
    place = contract.operation("PlaceOrder")

    assert (contract.name, contract.namespace) == ("Orders", "urn:example:orders:service")
    assert (contract.port_type, contract.wsdl) == ("Orders_pt", "wsdl/Orders.wsdl")
    assert (place.input, place.output) == ("{urn:example:orders}PlaceOrder", "{urn:example:orders}PlaceOrderResponse")
    assert place.headers == ("{urn:example:common}Session",)
    assert dict(place.faults) == {"OrderFault": "{urn:example:orders}OrderFault"}
    assert place.soap_action == "urn:example:orders:PlaceOrder"
    assert contract.operation("Notify").output is None
    assert contract.by_input("{urn:example:orders}Notify") == contract.operation("Notify")
    assert contract.by_input("Notify") is None
    assert sorted(contract.documents) == [
        "wsdl/Orders.wsdl",
        "wsdl/messages/OrderMessages.wsdl",
        "xsd/common/Money.xsd",
        "xsd/common/Party.xsd",
        "xsd/common/Session.xsd",
        "xsd/orders/Codes.xsd",
        "xsd/orders/Order.xsd",
        "xsd/orders/OrderTypes.xsd",
    ]


def large(good: int, bad: int) -> etree._Element:
    line = (
        "<Line><Id>1</Id><Action>ADD</Action><Product>M</Product><Quantity>{}</Quantity>"
        '<Price currency="GBP">12.50</Price><Start>2026-11-20T10:00:00Z</Start></Line>'
    )
    customer = "<Customer><c:Account>a-1</c:Account><c:Name>Ada Jones</c:Name></Customer>"
    lines = line.format(1) * good + line.format("many") * bad
    return etree.fromstring(f"<PlaceOrder {NAMES}><Id>1</Id>{customer}{lines}</PlaceOrder>")


def test_a_large_message_that_is_wrong_throughout_is_given_up_early() -> None:
    violations = orders().check(large(0, 40_000))  # minutes, if each of the 40,000 were logged

    assert (len(violations), violations[0].path) == (20, "/PlaceOrder/Line[1]/Quantity")


def test_a_large_message_is_checked_to_its_end() -> None:
    assert orders().check(large(4_000, 0)) == ()
    assert [each.path for each in orders().check(large(4_000, 1))] == ["/PlaceOrder/Line[4001]/Quantity"]


def test_a_violation_names_path_line_rule_and_text() -> None:
    message = etree.fromstring(
        f"""<Order {NAMES}><Id/>
        <Customer><c:Account/><c:Name/></Customer>
        <Line><Id/><Action>ADD</Action></Line>
        <Line><Id/><Action>GROW</Action><Product/><Quantity>0</Quantity><Price>1</Price><Start/></Line></Order>"""
    )

    found = orders().check(message)

    assert found[0] == Violation(
        "/Order/Line[1]", 3, "cvc-complex-type.2.4", "Line: Missing child element(s). Expected is ( Product )"
    )
    assert [(violation.path, violation.rule) for violation in found[1:]] == [
        ("/Order/Line[2]/Action", "enumeration"),
        ("/Order/Line[2]/Quantity", "cvc-datatype-valid.1.2.1"),
        ("/Order/Line[2]/Price", "cvc-complex-type.4"),
        ("/Order/Line[2]/Start", "cvc-datatype-valid.1.2.1"),
    ]


def test_paths_are_right_for_prefixed_elements_below_an_envelope() -> None:
    names = 'xmlns:o="urn:example:orders" xmlns:c="urn:example:common"'
    party = "<o:Customer><c:Account/><c:Name/><c:Email/><c:Email/></o:Customer>"
    root = etree.fromstring(f"<e><b/><o:Order {names}><o:Id/>{party}<o:Line/></o:Order></e>")

    assert [violation.path for violation in orders().check(root[1])] == ["/Order/Customer/Email[2]", "/Order/Line"]


def test_an_element_that_the_contract_does_not_declare_is_a_violation() -> None:
    assert [violation.rule for violation in orders().check(etree.Element("nothing"))] == ["cvc-elt.1"]


def test_each_thread_compiles_its_own_schema() -> None:
    contract, compiled = orders(), set[int]()
    together = threading.Barrier(4)

    def compile_one() -> None:
        contract.check(etree.Element("nothing"))
        together.wait(10)
        compiled.add(id(contract.schemas._schema()))
        together.wait(10)

    threads = [threading.Thread(target=compile_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(compiled) == 4


def test_long_values_and_many_violations_are_cut_short() -> None:
    lines = f"<Line><Id/><Action>{'x' * 5000}</Action></Line>" * 200
    message = etree.fromstring(f"<Order {NAMES}><Id/><Customer><c:Account/><c:Name/></Customer>{lines}</Order>")

    found = orders().check(message)

    assert len(found) <= 20
    assert all(len(violation.text) <= 400 for violation in found)


BROKEN = {
    "a missing schema": ("xsd/orders/Order.xsd", "OrderTypes.xsd", "Absent.xsd", "No such file"),
    "a schema on the network": ("xsd/orders/Order.xsd", '"OrderTypes.xsd', '"http://x.example/T.xsd', "not a relative"),
    "an absolute path": ("xsd/orders/Order.xsd", '"OrderTypes.xsd', '"/etc/passwd', "not a relative"),
    "a DOCTYPE": ("xsd/orders/Codes.xsd", "<xs:schema", "<!DOCTYPE x>\n<xs:schema", "document type"),
    "a schema that does not compile": ("xsd/orders/Order.xsd", 'type="LineType"', 'type="NoType"', "Order.xsd.*NoType"),
    "rpc messages": (
        "wsdl/messages/OrderMessages.wsdl",
        'element="o:Notify"',
        'type="o:OrderType"',
        "document/literal",
    ),
    "an unknown prefix": ("wsdl/messages/OrderMessages.wsdl", '"o:Notify"', '"oo:Notify"', "oo:Notify"),
    "a missing message": ("wsdl/Orders.wsdl", '"m:NotifyIn"', '"m:Nothing"', "no message m:Nothing"),
    "two operations with one input": ("wsdl/Orders.wsdl", "m:NotifyIn", "m:EchoIn", "same input element"),
    "an operation bound but not declared": (
        "wsdl/Orders.wsdl",
        'operation name="Notify">\n      <soap',
        'operation name="N">\n      <soap',
        "bound",
    ),
    "no SOAP 1.1 address": ("wsdl/Orders.wsdl", "<soap:address", "<soap:other", "no port"),
    "no service": ("wsdl/Orders.wsdl", "wsdl:service", "wsdl:Service", "0 services"),
}


@pytest.mark.parametrize(("file", "old", "new", "told"), BROKEN.values(), ids=BROKEN.keys())
def test_a_contract_that_cannot_be_used_says_why(copied: Path, file: str, old: str, new: str, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        rewritten(copied / file, old, new)


def test_an_unknown_operation_is_named() -> None:
    with pytest.raises(ContractError, match="no operation Cancel"):
        orders().operation("Cancel")


def test_a_schema_inside_the_wsdl_may_hold_types(copied: Path) -> None:
    contract = rewritten(
        copied / "wsdl" / "messages" / "OrderMessages.wsdl",
        "    </xs:schema>",
        '      <xs:element name="Ping" type="xs:int"/></xs:schema>',
    )

    assert contract.check(etree.fromstring('<p:Ping xmlns:p="urn:example:orders:messages">1</p:Ping>')) == ()


def test_contracts_are_found_where_the_environment_says(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O2C_CONTRACTS_DIR", str(copied))

    assert contracts_root() == copied
    assert load("wsdl/Orders.wsdl").name == "Orders"


def test_contracts_are_found_in_the_checkout_or_else_in_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("O2C_CONTRACTS_DIR", raising=False)
    assert (contracts_root() / "wsdl").is_dir()

    installed = tmp_path / "site-packages" / "soapkit"
    monkeypatch.setattr(catalog, "__file__", str(installed / "catalog.py"))
    assert contracts_root() == installed / "contracts"


def test_a_contract_is_read_once() -> None:
    assert orders() is orders()

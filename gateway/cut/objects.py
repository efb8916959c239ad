"""The table of objects whose data the CUT workflows read, send and receive: one row each.

What else there is to know of an object stands in its two contracts: its own workflows' WSDL, and Siebel's service over
the same integration object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree

from gateway.config import ConfigError, ObjectSettings
from gateway.cut.ports import SiebelService
from gateway.transforms.reading import Element
from soapkit.catalog import Contract, ContractError, load
from soapkit.limits import parse

_XS = "{http://www.w3.org/2001/XMLSchema}"
_FIRST_CALL = "QueryById"


class Row(NamedTuple):
    """An object as the table has it."""

    key: str
    name: str
    wsdl: str
    siebel_wsdl: str
    two_way: bool = False


def _shipped(key: str, name: str, siebel_service: str, *, two_way: bool = False) -> Row:
    return Row(key, name, f"wsdl/cut/CUT{key}.wsdl", f"wsdl/siebel/{siebel_service}.wsdl", two_way)


SHIPPED: tuple[Row, ...] = (
    _shipped("Account", "Account", "CUTSampleAccount", two_way=True),
    _shipped("ServiceProfile", "Service Profile", "CUTSampleServiceProfile", two_way=True),
    _shipped("SalesOrder", "Sales Order", "CUTSampleSalesOrder"),
    _shipped("WorkOrder", "Work Order", "CUTSampleWorkOrder"),
    _shipped("TroubleTicket", "Trouble Ticket", "CUTSampleTroubleTicket"),
    _shipped("PhoneNumber", "Phone Number", "CUTSampleAsset", two_way=True),
    _shipped("FraudAlert", "Fraud Alert", "CUTSampleFraudAlert"),
    _shipped("CreditAlert", "Credit Alert", "CUTSampleCreditAlert"),
)


@dataclass(frozen=True, eq=False)
class CutObject:
    """An object: ``key`` stands in names (``CUTGetServiceProfileData``), ``name`` is Siebel's (``Service Profile``).

    ``root`` is the tag of the integration object's root component, ``two_way`` says that it can be kept in step.
    """

    key: str
    name: str
    contract: Contract
    siebel: SiebelService
    root: str
    two_way: bool = False

    @property
    def list_element(self) -> str:
        """Clark name of the list of the integration object."""
        return self.siebel.list_element

    @property
    def namespace(self) -> str:
        """The integration object's namespace."""
        return str(etree.QName(self.list_element).namespace)

    @property
    def integration_object(self) -> str:
        """The integration object's name: ``CUT Sample Account IO``."""
        return unquote(self.namespace.rpartition("/")[2])

    @property
    def xml_property(self) -> str:
        """The process property of the XML string, escaped: ``Service_spcProfile_spcXML``."""
        return f"{self.name.replace(' ', '_spc')}_spcXML"

    @property
    def queue(self) -> str:
        """The queue of messages to be received: ``CUT_IN_SERVICEPROFILE``."""
        return f"CUT_IN_{self.key.upper()}"

    def element(self, name: str) -> str:
        """Return the Clark name of an element of the workflows' own namespace."""
        return f"{{{self.contract.namespace}}}{name}"

    def records(self, of: Element) -> list[Element]:
        """Return the records of a list."""
        return of.findall(f"{{{self.namespace}}}{self.root}")

    def row_id(self, record: Element | None) -> str:
        """Return a record's row id; empty for a record that has none, and for no record."""
        return "" if record is None else (record.findtext(f"{{{self.namespace}}}Id") or "").strip()


def objects(further: Mapping[str, ObjectSettings]) -> tuple[CutObject, ...]:
    """Return every object there is: the table's, and those of the settings. Raises ConfigError."""
    more = [Row(name.replace(" ", ""), name, of.wsdl, of.siebel_wsdl, of.two_way) for name, of in further.items()]
    _refuse_twice([*SHIPPED, *more])
    return tuple(_object(row) for row in (*SHIPPED, *more))


def _refuse_twice(rows: Iterable[Row]) -> None:
    seen: set[str] = set()
    for row in rows:
        if row.key.upper() in seen:
            raise ConfigError(f"cut.objects.{row.name}: there is an object of this name already")
        seen.add(row.key.upper())


def _object(row: Row) -> CutObject:
    try:
        contract, siebel = load(row.wsdl), load(row.siebel_wsdl)
        list_element, root = _integration_object(contract)
        service = SiebelService(siebel, _prefix(siebel), list_element)
        same = _integration_object(siebel)[0] == list_element
    except ContractError as error:
        raise ConfigError(f"cut.objects.{row.name}: {error}") from error
    if not same:
        raise ConfigError(f"cut.objects.{row.name}: its two WSDLs are about different integration objects")
    return CutObject(row.key, row.name, contract, service, root, row.two_way)


def _prefix(siebel: Contract) -> str:
    found = [each.name.removesuffix(_FIRST_CALL) for each in siebel.operations if each.name.endswith(_FIRST_CALL)]
    if len(found) != 1:
        raise ContractError(f"{siebel.wsdl} has {len(found)} operations that end in {_FIRST_CALL}; one is needed")
    return found[0]


def _integration_object(contract: Contract) -> tuple[str, str]:
    """Find the list element (Clark name) and the tag of the component in it."""
    schemas = [parse(path.read_bytes()) for name, path in contract.documents.items() if name.endswith(".xsd")]
    lists = [(schema, each) for schema in schemas for each in schema.findall(f"{_XS}element") if _is_list(each)]
    if len(lists) != 1:
        raise ContractError(f"{contract.wsdl} has {len(lists)} global elements called ListOf…; one is needed")
    schema, element = lists[0]
    kind = element.get("type", "").rpartition(":")[2]
    components = schema.findall(f"{_XS}complexType[@name='{kind}']/{_XS}sequence/{_XS}element")
    if len(components) != 1:
        raise ContractError(f"{contract.wsdl}: {element.get('name')} holds {len(components)} kinds of records, not one")
    return f"{{{schema.get('targetNamespace')}}}{element.get('name')}", components[0].get("name", "")


def _is_list(element: Element) -> bool:
    return element.get("name", "").startswith("ListOf")

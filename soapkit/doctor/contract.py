"""Compares the contract that an endpoint publishes with the one this caller has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from lxml import etree

from soapkit.catalog import Contract, ContractError, load
from soapkit.contract_diff import compare
from soapkit.doctor.endpoint import Published, links
from soapkit.doctor.finding import Finding, Verdict
from soapkit.documents import WSDL

_MOST_TOLD = 5


def difference(published: Published, known: Mapping[str, Contract]) -> Iterator[Finding]:
    """Tell whether a caller built from the contract that is ``known`` by the service's name can call the endpoint."""
    ours = known.get(published.service)
    if ours is None:
        text = f"There is no contract of {published.service or 'a nameless service'} here to compare with"
        yield Finding("contract", Verdict.UNKNOWN, text)
        return
    try:
        changes = compare(ours, _contract(published))
    except ContractError as error:
        yield Finding("contract", Verdict.WARNING, f"The published contract cannot be compared: {_plain(error)}")
        return
    breaking = [change for change in changes if change.breaking]
    if not breaking:
        told = f"{len(changes)} differences that break no caller" if changes else "the same as the one here"
        yield Finding("contract", Verdict.OK, told)
        return
    for change in breaking[:_MOST_TOLD]:
        where = " ".join(filter(None, (change.operation, change.part if change.path else "", change.path)))
        yield Finding("contract", Verdict.FAILED, change.text, path=where, change=_REGENERATE)
    if len(breaking) > _MOST_TOLD:
        yield Finding("contract", Verdict.FAILED, f"and {len(breaking) - _MOST_TOLD} more; o2c wsdl diff shows all")


_REGENERATE = "Generate stubs from the endpoint's own ?wsdl, or call the version that yours were made from"


def _contract(published: Published) -> Contract:
    """Read the published documents as a contract, from files: contracts are never read from the network."""
    names = {url: f"{number}{_suffix(root)}" for number, (url, root) in enumerate(published.documents.items())}
    with TemporaryDirectory(prefix="soapkit-") as directory:
        for url, root in published.documents.items():
            Path(directory, names[url]).write_bytes(_led_to_files(url, root, names))
        return load(Path(directory, names[published.location]))


def _suffix(root: etree._Element) -> str:
    return ".wsdl" if root.tag == f"{{{WSDL}}}definitions" else ".xsd"


def _led_to_files(base: str, root: etree._Element, names: Mapping[str, str]) -> bytes:
    copy = etree.fromstring(etree.tostring(root))
    for node, url in links(base, copy):
        node.set("location" if node.get("location") else "schemaLocation", names[url])
    return etree.tostring(copy, encoding="UTF-8")


def _plain(error: ContractError) -> str:
    """Return what is wrong without the name of a file that is gone already."""
    return str(error).rpartition(": ")[2]

"""Records of integration objects as trees of component instances: what tells them apart, and what they say.

An instance is known by Siebel's row id; one that has none yet, by the first of its user keys that it carries, as
Siebel itself decides. What only Siebel says (row id, ModId, Created …) is no field of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from gateway.transforms.reading import Element

MOD_ID = "ModId"
INTEGRATION_ID = "IntegrationId"
PRIMARY = "IsPrimaryMVG"

ROW_IDS: Mapping[str, str] = {"CutAddress": "RowId", "Contact": "RowId", "ComInvoiceProfile": "BillingProfileId"}
"""By component, the tag of the row id, where it is not Id."""

USER_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Account": (("Name", "Location", "Organization"), ("AccountNumber",)),
    "CutAddress": (("AddressName",),),
    "Contact": (("FirstName", "LastName"),),
    "ComInvoiceProfile": (("BillingProfileName",),),
    "AssetMgmt-Asset": (("AssetNumber", "ProductId"), ("AssetNumber",)),
    "AssetMgmt-AssetXA": (("Name",),),
}
"""By component, the user keys besides row id and IntegrationId, in Siebel's sequence: of what is kept in step."""

OF_SIEBEL = frozenset((MOD_ID, "Created", "CreatedBy", "Updated", "UpdatedBy"))
"""What only Siebel says, besides the row id."""

ANY = "*"
"""Stands for whichever record, where a message does not say which one it is about, or is about several."""

_LIST = "ListOf"


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a component: ``fields`` by tag, an empty one as None; one that is left out says nothing."""

    component: str
    element: Element
    row_id: str
    mod: int
    fields: Mapping[str, str | None]
    children: tuple[Instance, ...]

    @property
    def place(self) -> tuple[str, str]:
        """Return what known states are kept under."""
        return self.component, self.row_id

    def walk(self) -> Iterator[Instance]:
        """Yield it, and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def read(list_: Element) -> tuple[Instance, ...]:
    """Read the records of a list, or of a container."""
    return tuple(_instance(each) for each in list_.iterchildren(etree.Element))


def row_id_tag(component: str) -> str:
    """Return the tag of a component's row id."""
    return ROW_IDS.get(component, "Id")


def key_of(instance: Instance) -> tuple[str, ...]:
    """Return the tags of the first user key that an instance carries whole, one of them with a value; () for none."""
    if instance.row_id:
        return (row_id_tag(instance.component),)
    for key in ((INTEGRATION_ID,), *USER_KEYS.get(instance.component, ())):
        if all(tag in instance.fields for tag in key) and any(instance.fields[tag] for tag in key):
            return key
    return ()


class Twins:
    """Instances by what their user keys say; each key is indexed when it is first asked for."""

    def __init__(self, among: Iterable[Instance]) -> None:
        self._among = tuple(among)
        self._indexes: dict[tuple[str, tuple[str, ...]], dict[tuple[str | None, ...], list[Instance]]] = {}

    def of(self, instance: Instance) -> list[Instance]:
        """Return those that an instance's key means; nothing when it carries none."""
        key = key_of(instance)
        if not key:
            return []
        index = self._indexes.get((instance.component, key))
        if index is None:
            index = self._indexes[instance.component, key] = {}
            for each in self._among:
                if each.component == instance.component:
                    index.setdefault(_said(each, key), []).append(each)
        return index.get(_said(instance, key), [])


def _said(instance: Instance, key: tuple[str, ...]) -> tuple[str | None, ...]:
    if key == (row_id_tag(instance.component),):
        return (instance.row_id,)
    return tuple(instance.fields.get(tag) for tag in key)


def _instance(element: Element) -> Instance:
    component = etree.QName(element).localname
    own = row_id_tag(component)
    said: dict[str, str | None] = {}
    children: list[Instance] = []
    for each in element.iterchildren(etree.Element):
        tag = etree.QName(each).localname
        if tag.startswith(_LIST):
            children += read(each)
        else:
            said[tag] = each.text or None
    row_id = (said.pop(own, None) or "").strip()
    mod = (said.get(MOD_ID) or "").strip()
    fields = {tag: value for tag, value in said.items() if tag not in OF_SIEBEL}
    return Instance(component, element, row_id, int(mod) if mod.isdecimal() else 0, fields, tuple(children))

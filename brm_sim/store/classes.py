"""The storable classes: which fields an object of each has, and which of them are indexed for searching.

A class inherits its parents' lines (``/service/telco/gsm`` is a ``/service``). A field ``X[]`` is an array, ``X{}`` a
substruct. Indexed paths leave element ids out: ``NAMEINFO.LAST_NAME`` is that of any element. Custom fields
(``O2C_FLD_…``) may be on any object; the COMMON id is indexed on all. POID, CREATED_T and MOD_T are on every object,
and are the store's to keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from brm_sim.flist import Array, Flist, Value

COMMON_ID = "O2C_FLD_COMMON_ID"
CUSTOM_PREFIX = "O2C_FLD_"

Path = tuple[str, ...]

_OFFERING = """ACCOUNT_OBJ SERVICE_OBJ DEAL_OBJ PLAN_OBJ PACKAGE_ID QUANTITY STATUS STATUS_FLAGS DESCR
    PURCHASE_START_T PURCHASE_END_T CYCLE_START_T CYCLE_END_T USAGE_START_T USAGE_END_T"""

_FIELDS = {
    "/account": """ACCOUNT_NO CURRENCY BUSINESS_TYPE STATUS STATUS_FLAGS BAL_GRP_OBJ NAMEINFO[] LOCALE LINEAGE PARENT
        PLAN_OBJ EFFECTIVE_T CLOSE_WHEN_T""",
    "/billinfo": """BILLINFO_ID ACCOUNT_OBJ PAYINFO_OBJ BAL_GRP_OBJ PAY_TYPE BILL_WHEN ACTG_TYPE ACTG_CYCLE_DOM
        ACTG_LAST_T ACTG_NEXT_T LAST_BILL_T NEXT_BILL_T PARENT_BILLINFO_OBJ AR_BILLINFO_OBJ
        PENDING_RECV CURRENCY STATUS STATUS_FLAGS""",
    "/payinfo": "ACCOUNT_OBJ NAME PAY_TYPE INV_TYPE DUE_DOM INHERITED_INFO{}",
    "/balance_group": "ACCOUNT_OBJ BILLINFO_OBJ NAME BALANCES[]",
    "/service": """ACCOUNT_OBJ LOGIN SERVICE_ID ALIAS_LIST[] BAL_GRP_OBJ SUBSCRIPTION_OBJ STATUS STATUS_FLAGS
        EFFECTIVE_T NAME TELCO_INFO{} INHERITED_INFO{}""",
    "/purchased_product": f"""{_OFFERING} PRODUCT_OBJ PURCHASE_FEE_AMT CYCLE_FEE_AMT PURCHASE_DISCOUNT PURCHASE_DISC_AMT
        CYCLE_DISCOUNT CYCLE_DISC_AMT USAGE_DISCOUNT PURCHASE_CHARGED_T CYCLE_CHARGED_T""",
    "/purchased_discount": f"{_OFFERING} DISCOUNT_OBJ",
    "/event": """ACCOUNT_OBJ SERVICE_OBJ ITEM_OBJ PROGRAM_NAME NAME DESCR START_T END_T PRODUCT_OBJ OFFERING_OBJ
        PACKAGE_ID BAL_IMPACTS[]""",
    "/item": """ACCOUNT_OBJ SERVICE_OBJ BILLINFO_OBJ BAL_GRP_OBJ BILL_OBJ ITEM_NO ITEM_TOTAL DUE STATUS NAME CURRENCY
        EFFECTIVE_T""",
    "/product": """CODE NAME DESCR PRODUCT_TYPE PERMITTED STATUS PURCHASE_FEE_AMT CYCLE_FEE_AMT CYCLE_FREQUENCY CURRENCY
        PURCHASE_START_T PURCHASE_END_T PRIORITY""",
    "/discount": """CODE NAME DESCR PERMITTED STATUS PURCHASE_START_T PURCHASE_END_T DISCOUNT_PERCENT DISCOUNT_AMT
        CURRENCY""",
    "/deal": "CODE NAME DESCR PERMITTED STATUS PURCHASE_START_T PURCHASE_END_T PRODUCTS[] DISCOUNTS[]",
    "/plan": "CODE NAME DESCR STATUS SERVICES[]",
}

_INDEXED = {
    "/account": "ACCOUNT_NO BAL_GRP_OBJ PARENT NAMEINFO.LAST_NAME NAMEINFO.COMPANY NAMEINFO.EMAIL_ADDR",
    "/billinfo": "BILLINFO_ID ACCOUNT_OBJ PAYINFO_OBJ BAL_GRP_OBJ PARENT_BILLINFO_OBJ AR_BILLINFO_OBJ",
    "/payinfo": "ACCOUNT_OBJ",
    "/balance_group": "ACCOUNT_OBJ BILLINFO_OBJ",
    "/service": "ACCOUNT_OBJ LOGIN SERVICE_ID ALIAS_LIST.NAME BAL_GRP_OBJ SUBSCRIPTION_OBJ",
    "/purchased_product": "ACCOUNT_OBJ SERVICE_OBJ PRODUCT_OBJ PACKAGE_ID",
    "/purchased_discount": "ACCOUNT_OBJ SERVICE_OBJ DISCOUNT_OBJ PACKAGE_ID",
    "/event": "ACCOUNT_OBJ SERVICE_OBJ ITEM_OBJ OFFERING_OBJ",
    "/item": "ACCOUNT_OBJ BILLINFO_OBJ BILL_OBJ ITEM_NO",
    "/product": "CODE NAME",
    "/discount": "CODE NAME",
    "/deal": "CODE NAME",
    "/plan": "CODE NAME",
}


@dataclass(frozen=True, slots=True)
class ClassSpec:
    """A storable class: ``fields`` are its top-level fields, ``indexed`` the paths that have index entries."""

    name: str
    fields: frozenset[str]
    indexed: frozenset[Path]

    def unknown(self, flist: Flist) -> list[str]:
        """Name the fields of ``flist`` that an object of this class does not have."""
        return [name for name in flist if name not in self.fields and not name.startswith(CUSTOM_PREFIX)]


@lru_cache(maxsize=512)
def class_of(type_: str) -> ClassSpec | None:
    """Give the class of a POID type, by its nearest known ancestor; None for a class that is not stored here."""
    name = type_
    while name:
        if name in _FIELDS:
            indexed = {tuple(path.split(".")) for path in _INDEXED[name].split()} | {(COMMON_ID,)}
            fields = {field.rstrip("[]{}") for field in _FIELDS[name].split()}
            return ClassSpec(name, frozenset(fields), frozenset(indexed))
        name = name.rpartition("/")[0]
    return None


def values_at(flist: Flist, path: Path) -> Iterator[Value | Flist | Array]:
    """Every value at ``path``, through whatever elements the arrays on the way have."""
    value = flist.get(path[0])
    if len(path) == 1:
        if path[0] in flist:
            yield value
        return
    inner = value.values() if isinstance(value, Array) else (value,)
    for element in inner:
        if isinstance(element, dict):
            yield from values_at(element, path[1:])

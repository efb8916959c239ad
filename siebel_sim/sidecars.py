"""What stands beside a contract, in a file of the same name: what a schema cannot say.

``<contract>.toml`` beside ``<contract>.wsdl``:

    [components.CutAddress]                          # an integration component, by its tag
    name = "CUT Address"                             # its name in Siebel, for faults
    business_component = "CUT Address"               # else called like the component
    user_keys = [["Id"], ["Integration Id"]]         # in the order in which they are tried
    status_key = ["Id", "Mod Id"]                    # [] only descends, false leaves the component out
    modification_key = ["Mod Id"]                    # compared when a message carries it
    refuses = ["insert", "delete"]                   # what cannot be done to it through this integration object
    primary = "Primary Address Id"                   # the parent's field that IsPrimaryMVG="Y" fills
    fields = { AccountId = "Parent Row Id" }         # tag = field, where the names differ by more than signs

    [business_components."CUT Address".fields]
    "Country" = { required = true, length = 30, picklist = ["UK", "US"], bounded = true, default = "UK" }
    "Status" = { picklist = { ACT = "Active", INA = "Inactive" } }   # stored code = what the language shows of it
    "Since" = { type = "date", read_only = true }    # text, number, integer, date, datetime, boolean
    "Area" = { form = "[A-Z]{2}[0-9]+" }             # what a value has to look like
    "Parent Account Id" = { index = true }           # looked up often

    [business_components.Account]
    searches = { "Active Accounts" = "[Account Status] = 'Active'" } # predefined queries, for NamedSearchSpec
    views = { "Sales Rep" = "Owner" }                # in that view mode: whose field holds the caller's name
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic import Field as Bounded

from siebel_sim.errors import SiebelError
from siebel_sim.search import read_search
from siebel_sim.values import Kind
from soapkit.catalog import Contract


class RepositoryError(Exception):
    """A contract, or the file beside it, makes no repository; the text says which and why."""


def _searchable(written: str) -> str:
    try:
        read_search(written)
    except SiebelError as error:
        raise ValueError(str(error)) from error
    return written


class FieldFacts(BaseModel):
    """What is said about a field of a business component."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    required: bool | None = None
    read_only: bool = False
    length: Annotated[int, Bounded(ge=1)] | None = None
    type: Kind | None = None
    picklist: tuple[str, ...] | Mapping[str, str] = ()
    bounded: bool = True
    default: str | None = None
    form: re.Pattern[str] | None = None
    index: bool = False


class BusinessFacts(BaseModel):
    """What is said about a business component."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: Mapping[str, FieldFacts] = {}
    searches: Mapping[str, Annotated[str, AfterValidator(_searchable)]] = {}
    views: Mapping[str, str] = {}


class ComponentFacts(BaseModel):
    """What is said about an integration component."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    business_component: str | None = None
    fields: Mapping[str, str] = {}
    user_keys: tuple[Annotated[tuple[str, ...], Bounded(min_length=1)], ...] | None = None
    status_key: tuple[str, ...] | Literal[False] | None = None
    modification_key: tuple[str, ...] = ()
    primary: str | None = None
    refuses: tuple[Literal["insert", "update", "delete"], ...] = ()


class Facts(BaseModel):
    """All that stands beside a contract."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    components: Mapping[str, ComponentFacts] = {}
    business_components: Mapping[str, BusinessFacts] = {}


def facts_beside(contract: Contract) -> Facts:
    """Read the file beside a contract; nothing is said without one. Raises RepositoryError for a file that is wrong."""
    file = contract.documents[contract.wsdl].with_suffix(".toml")
    try:
        return Facts.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))) if file.exists() else Facts()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RepositoryError(f"{file.name}: {error}") from error
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise RepositoryError(f"{file.name}: {told}") from error

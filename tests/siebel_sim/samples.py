"""Records that tests write: complete, and different where they are told to be."""

from __future__ import annotations

from typing import Any


def account(**fields: Any) -> dict[str, Any]:
    """Give an account that Siebel takes."""
    return {
        "AccountTypeCode": "Business",
        "CurrencyCode": "GBP",
        "Name": "Ada Ltd",
        "Type": "Customer",
        "IntegrationId": "A1",
        **fields,
    }


def address(key: str, **fields: Any) -> dict[str, Any]:
    """Give an address of an account; ``key`` is its integration id."""
    return {
        "AddressName": f"Address {key}",
        "StreetAddress": "1 High St",
        "City": "York",
        "IntegrationId": key,
        **fields,
    }


def contact(key: str, **fields: Any) -> dict[str, Any]:
    """Give a contact; ``key`` is its integration id."""
    return {"FirstName": "Ada", "LastName": f"Jones {key}", "IntegrationId": key, **fields}


def profile(name: str, **fields: Any) -> dict[str, Any]:
    """Give a billing profile."""
    return {"BillingProfileName": name, "CollectionsFlag": "N", **fields}

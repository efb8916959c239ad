"""A running simulator as a person at a terminal handles it: opcodes and the outbox, through the control API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import urllib3

from brm_sim.registry import registry

Json = dict[str, Any]

_TIMEOUT = 30.0
_BILLING_NAME = "1"
_TEMPLATES = {
    "/account": "select X from /account where F1 = V1 ",
    "/service": "select X from /service where F1 = V1 ",
}
_OWN_FIELDS = ("ACCOUNT_NO", "BUSINESS_TYPE")
_SERVICE_FIELDS = ("LOGIN", "SERVICE_ID", "STATUS", "STATUS_FLAGS")


class RemoteError(Exception):
    """The simulator cannot be reached, refuses, or does not have what is named; the text is for people."""


class Remote:
    """The simulator at ``address``; ``token`` is that of its control API."""

    def __init__(self, address: str, token: str) -> None:
        self._control = f"{address.rstrip('/')}/control"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the control API; RemoteError with its words when it says no."""
        content = b"" if body is None else json.dumps(body).encode()
        try:
            answer = self._pool.request(method, self._control + path, body=content, headers=self._headers)
            told = json.loads(answer.data)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise RemoteError(f"no BRM simulator answers at {self._control}: {type(error).__name__}") from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise RemoteError(str(told.get("error", told)))
        return told

    def call(self, opcode: str, flist: Json) -> Json:
        """Call an opcode in a transaction of its own; RemoteError for an error buffer and for RESULT 0."""
        (output,) = self.ask("POST", "/seed", [{"opcode": opcode, "flist": flist}])
        if failures := [f"{each['FIELD_NAME']}: {each['DESCR']}" for each in output.get("FIELD", {}).values()]:
            raise RemoteError("; ".join(failures))
        return dict(output)

    def find(self, type_: str, field: str, value: str) -> Json:
        """Find the one object of a class with such a value; RemoteError when there is none, or several."""
        flist: Json = {
            "POID": "0.0.0.1 /search -1 0",
            "FLAGS": 0,
            "TEMPLATE": _TEMPLATES[type_],
            "ARGS": {"1": {field: value}},
            "RESULTS": {"-1": {}},
        }
        found = list(self.call("PCM_OP_SEARCH", flist).get("RESULTS", {}).values())
        if len(found) != 1:
            raise RemoteError(f"{len(found)} objects of class {type_} have {field} {value}")
        return dict(found[0])


def change_customer(remote: Remote, number: str, changes: Mapping[str, str], program: str) -> str:
    """Change the customer with account number ``number``; the account's POID as it is then.

    Fields are those of NAMEINFO[1], PHONE (its first telephone number), ACCOUNT_NO, BUSINESS_TYPE and LOCALE.
    """
    account = remote.find("/account", "ACCOUNT_NO", number)
    flist: Json = {"POID": account["POID"], "ACCOUNT_OBJ": account["POID"], "PROGRAM_NAME": program}
    for name, value in changes.items():
        _writer(name)(flist, account, name, value)
    return str(remote.call("PCM_OP_CUST_UPDATE_CUSTOMER", flist)["POID"])


def change_service(remote: Remote, login: str, changes: Mapping[str, str], program: str) -> str:
    """Change the service with login ``login``; its POID as it is then.

    Fields are LOGIN, SERVICE_ID, STATUS, STATUS_FLAGS and ALIAS (all its aliases, between commas).
    """
    service = remote.find("/service", "LOGIN", login)
    wanted: Json = {"POID": service["POID"]}
    for name, value in changes.items():
        if name == "ALIAS":
            wanted["ALIAS_LIST"] = {str(n): {"NAME": each.strip()} for n, each in enumerate(value.split(","))}
        elif name in _SERVICE_FIELDS:
            wanted[name] = value
        else:
            raise RemoteError(f"{name} is not one of ALIAS, {', '.join(_SERVICE_FIELDS)}")
    flist: Json = {"POID": service["ACCOUNT_OBJ"], "PROGRAM_NAME": program, "SERVICES": {"0": wanted}}
    return str(remote.call("PCM_OP_CUST_UPDATE_SERVICES", flist)["SERVICES"]["0"]["POID"])


_Write = Callable[[Json, Json, str, str], None]


def _writer(name: str) -> _Write:
    special: dict[str, _Write] = {"PHONE": _write_phone, "LOCALE": _write_locale}
    known = [*special, *_OWN_FIELDS, *_name_fields()]
    if name not in known:
        raise RemoteError(f"{name} is not one of {', '.join(sorted(known))}")
    return special.get(name) or (_write_own if name in _OWN_FIELDS else _write_name)


def _name_fields() -> list[str]:
    shape = registry().by_opcode["PCM_OP_CUST_UPDATE_CUSTOMER"].input.fields["NAMEINFO"].shape
    return [] if shape is None else [name for name, spec in shape.fields.items() if spec.shape is None]


def _write_name(flist: Json, _account: Json, name: str, value: str) -> None:
    flist.setdefault("NAMEINFO", {}).setdefault(_BILLING_NAME, {})[name] = value


def _write_own(flist: Json, account: Json, name: str, value: str) -> None:
    flist.setdefault("ACCTINFO", {}).setdefault("0", {"POID": account["POID"]})[name] = value


def _write_locale(flist: Json, _account: Json, name: str, value: str) -> None:
    flist["LOCALES"] = {"0": {name: value}}


def _write_phone(flist: Json, account: Json, name: str, value: str) -> None:
    phones = account["NAMEINFO"].get(_BILLING_NAME, {}).get("PHONES", {})
    element = min(phones, key=int, default="0")
    changed = {name: value} if element in phones else {"TYPE": "1", name: value}
    flist.setdefault("NAMEINFO", {}).setdefault(_BILLING_NAME, {})["PHONES"] = {element: changed}

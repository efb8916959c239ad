"""Names and addresses of an account (NAMEINFO[]): what customer validation asks of them, and how they change."""

from __future__ import annotations

from brm_sim.errors import FieldFailure, Validation
from brm_sim.flist import Array, Flist
from brm_sim.opcodes import given
from brm_sim.store.changes import merged

_REQUIRED = ("LAST_NAME", "ADDRESS", "CITY", "COUNTRY")


def failures(element: int, name: Flist) -> list[FieldFailure]:
    """Validate one whole element: what is missing, and an e-mail address that is none."""
    missing = [each for each in _REQUIRED if not given.text(name, each)]
    found = [FieldFailure(each, Validation.MISSING, "Required field is missing.", element) for each in missing]
    address = given.text(name, "EMAIL_ADDR")
    if address and "@" not in address:
        found.append(FieldFailure("EMAIL_ADDR", Validation.FORMAT, "Not an e-mail address.", element, address))
    return found


def changes(wanted: Array) -> Array:
    """Word NAMEINFO[] of an update as the store takes it: what is empty is removed, a telephone number too."""
    return Array({element: _without_empty_phones(name) for element, name in wanted.items()})


def changed(before: Array, wanted: Array) -> Array:
    """Give NAMEINFO[] as it will be, of what it was and of :func:`changes`."""
    after = merged({"NAMEINFO": before}, {"NAMEINFO": wanted})
    return given.array(after, "NAMEINFO")


def update_failures(after: Array, wanted: Array) -> list[FieldFailure]:
    """Validate the elements that an update touches, as they will be; an account keeps at least one."""
    if not after:
        return [FieldFailure("NAMEINFO", Validation.MISSING, "Required field is missing.", min(wanted))]
    return [failure for element in wanted if element in after for failure in failures(element, after[element])]


def _without_empty_phones(name: Flist) -> Flist:
    """Let a PHONES element without a number remove that number."""
    if "PHONES" not in name:
        return name
    phones = given.array(name, "PHONES")
    kept = Array({element: phone if given.text(phone, "PHONE") else {} for element, phone in phones.items()})
    return {**name, "PHONES": kept}

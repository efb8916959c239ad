"""POIDs out of the output flists of opcodes. No I/O."""

from __future__ import annotations

from typing import cast

from gateway.domain.brm import Elements, Flist
from gateway.domain.poid import bare
from gateway.errors import SystemFailure
from gateway.transforms.flists import OpcodeCall, Path, Payer


def subordinate(output: Flist, account: str, billing_profile: str) -> Payer | None:
    """Choose, among an account's billinfos, the one that ``billing_profile`` pays for: its child, else its debtor.

    Returns None when there is none. Of several the one created first, so that the choice is always the same.
    """
    found = sorted(elements(output, "RESULTS"), key=_number)
    for link in ("PARENT_BILLINFO_OBJ", "AR_BILLINFO_OBJ"):
        for billinfo in found:
            if same_object(billinfo.get(link), billing_profile):
                return Payer(account, bare(billinfo.get("POID")), bare(billinfo.get("BAL_GRP_OBJ")) or None)
    return None


def _number(found: Flist) -> int:
    return int(bare(found.get("POID")).rpartition(" ")[2] or 0)


def elements(flist: Flist, name: str) -> list[Flist]:
    """Return the elements of an array, in the order of their ids; none when it is absent."""
    found = flist.get(name)
    if not isinstance(found, dict):
        return []
    numbered = cast("Elements", found)
    return [numbered[n] for n in sorted(numbered)]


def at(flist: Flist, path: Path) -> object:
    """Return what is at a path of field names and element ids, or None."""
    found: object = flist
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def same_object(one: object, other: object) -> bool:
    """Whether two POIDs mean the same object, whatever their revisions."""
    return bool(bare(one)) and bare(one) == bare(other)


def poids(call: OpcodeCall, output: Flist) -> dict[str, str]:
    """Return the POIDs that an output flist has for the lines of its call, by line id, without revisions.

    Raises SystemFailure when one is missing that BRM must return.
    """
    found: dict[str, str] = {}
    for place in call.places:
        poid = bare(at(output, place.path))
        if poid:
            found[place.line.id] = poid
        elif not place.optional:
            raise SystemFailure(f"{call.opcode} answered no {place.path[-1]} for {place.line.who}")
    return found

"""The opcodes that only read: SEARCH, READ_OBJ, READ_FLDS; and TEST_LOOPBACK."""

from __future__ import annotations

from brm_sim.call import Call
from brm_sim.errors import Errno, ErrorBuffer, Location
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes import given
from brm_sim.search import DISTINCT, pick, read_query
from brm_sim.store.classes import class_of

LOCK = 0x20000
"""Flag of READ_OBJ and READ_FLDS: hold the object until the BRM transaction ends."""


def search(call: Call, flist: Flist) -> Flist:
    """PCM_OP_SEARCH: {POID, FLAGS, TEMPLATE, ARGS[], RESULTS[], RESULTS_LIMIT} → {POID, RESULTS[]}.

    Finding nothing is no error. Raises ErrorBuffer BAD_SEARCH_ARG (18) for a template or arguments that mean nothing.
    """
    limit = given.integer(flist, "RESULTS_LIMIT") or 0
    distinct = bool((given.integer(flist, "FLAGS") or 0) & DISTINCT)
    args = given.array(flist, "ARGS")
    query = read_query(given.text(flist, "TEMPLATE"), args, 0 if distinct else max(limit, 0))
    wanted = given.array(flist, "RESULTS")
    fields = wanted.single() if wanted else {}
    found: list[Flist] = []
    seen: set[Poid] = set()
    for match in call.session.query(query):
        poid = given.poid(match[0], "POID")
        if distinct and poid in seen:
            continue
        seen.add(poid)
        found.append(pick(match[0], fields))
        if len(found) == limit:
            break
    return {"POID": given.poid(flist, "POID"), **({"RESULTS": Array(enumerate(found))} if found else {})}


def read_obj(call: Call, flist: Flist) -> Flist:
    """PCM_OP_READ_OBJ: {POID} → the whole object; flag 0x20000 locks it. ErrorBuffer NOT_FOUND."""
    return _read(call, given.poid(flist, "POID"))


def read_flds(call: Call, flist: Flist) -> Flist:
    """PCM_OP_READ_FLDS: {POID, wanted fields as null} → {POID, those fields}; flag 0x20000 locks the object.

    Raises ErrorBuffer NOT_FOUND, and BAD_FIELD_NAME (35) for a field its class does not have.
    """
    poid = given.poid(flist, "POID")
    wanted = {name: asked for name, asked in flist.items() if name != "POID"}
    spec = class_of(poid.type)
    unknown = spec.unknown(wanted) if spec else list(wanted)
    if system := {"CREATED_T", "MOD_T"}.intersection(unknown):
        unknown = [name for name in unknown if name not in system]
    found = _read(call, poid)
    if unknown:
        text = f"{poid.type} has no field {unknown[0]}"
        raise ErrorBuffer(Errno.BAD_FIELD_NAME, text, field=unknown[0], location=Location.DM)
    return {"POID": found["POID"], **(pick(found, wanted) if wanted else {})}


def loopback(_call: Call, flist: Flist) -> Flist:
    """PCM_OP_TEST_LOOPBACK: give back what was given."""
    return flist


def _read(call: Call, poid: Poid) -> Flist:
    if call.flags & LOCK:
        call.session.lock(poid)
    return call.session.read(poid)

"""Names of distributed transactions: ``formatId,gtridHex,bqualHex`` (COMMIT.md, Names)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

FORMAT_ID = 0x4F3243
"""Ours ("O2C"); other transaction managers of the same BRM use other numbers."""

_GTRID = struct.Struct(">8sQI")


@dataclass(frozen=True, slots=True)
class TransactionId:
    """One attempt at one message, in one BRM instance.

    gtrid = gateway id (16 hex digits), intake number (8 bytes), attempt (4 bytes), big-endian; bqual = the BRM's name.
    """

    gateway: str
    intake: int
    attempt: int
    brm: str

    def __str__(self) -> str:
        gtrid = _GTRID.pack(bytes.fromhex(self.gateway), self.intake, self.attempt)
        return f"{FORMAT_ID},{gtrid.hex()},{self.brm.encode().hex()}"

    @classmethod
    def parse(cls, text: str) -> TransactionId | None:
        """Read a TRANS_ID back; None when it is not one of ours (another transaction manager's)."""
        parts = text.split(",")
        if len(parts) != 3 or parts[0] != str(FORMAT_ID):  # noqa: PLR2004 - the three parts of the format above
            return None
        try:
            gateway, intake, attempt = _GTRID.unpack(bytes.fromhex(parts[1]))
            return cls(gateway.hex(), intake, attempt, bytes.fromhex(parts[2]).decode())
        except (struct.error, ValueError):
            return None

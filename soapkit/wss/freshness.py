"""Times in a security header: when a message was made, until when it holds, and whether that is now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from soapkit.wss.names import CREATED, EXPIRES
from soapkit.wss.refusals import Code, refused

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,12})?(Z|[+-]\d\d:\d\d)?")
_MICROSECONDS = 7
"""Characters of a fraction that datetime can hold: the point and six digits; toolkits write up to nine."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far clocks may differ, and how old a message may be."""

    skew: timedelta = timedelta(seconds=60)
    most: timedelta = timedelta(minutes=5)

    def until(self, created: datetime) -> datetime:
        """Return when something made at ``created`` is too old to pass, on any worker's clock."""
        return created + self.most + 2 * self.skew

    def check(self, element: etree._Element, created: datetime, expires: datetime | None, now: datetime) -> None:
        """Raise Refused (wsu:MessageExpired) for what is from the future, too old, or past its own end."""
        if created > now + self.skew:
            raise refused(Code.EXPIRED, "timestamp", "The message says that it was made in the future", element)
        if created < now - self.most - self.skew:
            raise refused(Code.EXPIRED, "timestamp", "The message is too old", element)
        if expires is not None and (expires <= created or expires < now - self.skew):
            raise refused(Code.EXPIRED, "timestamp", "The message has expired", element)


def read_time(element: etree._Element) -> datetime:
    """Read an xs:dateTime; one without a zone is UTC (SOAP Message Security 1.0, chapter 10). Refused otherwise."""
    found = None if len(element) else _TIME.fullmatch((element.text or "").strip())
    moment = None if found is None else _moment(found)
    if moment is None:
        name = etree.QName(element).localname
        raise refused(Code.INVALID_SECURITY, "timestamp", f"{name} is not a date and time", element)
    return moment


def _moment(found: re.Match[str]) -> datetime | None:
    fraction = (found[2] or "")[:_MICROSECONDS]
    try:
        return datetime.fromisoformat(f"{found[1]}{fraction}{found[3] or 'Z'}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_timestamp(timestamp: etree._Element) -> tuple[datetime, datetime | None]:
    """Read Created, which must be there, and Expires of a wsu:Timestamp; nothing else may be in it, nothing twice."""
    if [child.tag for child in timestamp] not in ([CREATED], [CREATED, EXPIRES]):
        text = "A Timestamp holds Created and then, perhaps, Expires"
        raise refused(Code.INVALID_SECURITY, "timestamp", text, timestamp)
    created, *expires = (read_time(child) for child in timestamp)
    return created, expires[0] if expires else None

"""What the module knows of one exchange, from its first look at the headers to the answer's last byte."""

from __future__ import annotations

from dataclasses import dataclass, field

from soapkit.addressing.editions import Edition
from soapkit.addressing.properties import EndpointReference, Properties
from soapkit.addressing.writing import new_message_id

NOTES = "soapkit.addressing"
"""The key of an exchange's notes."""


@dataclass(slots=True)
class Noted:
    """``properties`` are there once they were read without fault, ``related`` as soon as there is a MessageID.

    ``elsewhere``: the message is valid, and an answer may leave by another way than its connection. ``answer_action``
    is set with the answer's header blocks.
    """

    edition: Edition
    related: str | None
    properties: Properties | None = None
    elsewhere: bool = False
    answer_id: str = field(default_factory=new_message_id)
    answer_action: str = ""

    def endpoint(self, *, fault: bool) -> EndpointReference:
        """Return where an answer goes. A refusal that goes back on the connection takes no foreign parameters along."""
        here = EndpointReference(self.edition.anonymous)
        if self.properties is None:
            return here
        wanted = self.properties.answered_at(fault=fault)
        return wanted if self.elsewhere or self.properties.is_anonymous(wanted) else here

"""What a simulator takes from one caller: the settings behind soapkit's limits, the same for every simulator."""

from __future__ import annotations

from dataclasses import fields

from pydantic import Field
from pydantic_settings import BaseSettings

from soapkit.limits import Limits

_DEFAULT = Limits()


class LimitSettings(BaseSettings):
    """How much of everything one message may hold, and how much is done at a time."""

    max_bytes: int = Field(_DEFAULT.max_bytes, ge=1, description="Bytes of a message.")
    max_depth: int = Field(_DEFAULT.max_depth, ge=1, description="Elements inside one another.")
    max_elements: int = Field(_DEFAULT.max_elements, ge=1, description="Elements of a message.")
    max_attributes: int = Field(_DEFAULT.max_attributes, ge=1, description="Attributes of a message.")
    max_name_length: int = Field(_DEFAULT.max_name_length, ge=1, description="Characters of a name.")
    max_namespaces: int = Field(_DEFAULT.max_namespaces, ge=1, description="Declarations of namespaces of a message.")
    max_concurrent: int = Field(
        _DEFAULT.max_concurrent, ge=0, description="Calls of a process at the same time; 0 = as many as threads."
    )
    max_seconds: float = Field(_DEFAULT.max_seconds, gt=0, description="Seconds until a request has arrived whole.")
    accept_gzip: bool = Field(_DEFAULT.accept_gzip, description="Accept packed requests.")

    @property
    def limits(self) -> Limits:
        """The limits, as soapkit takes them."""
        return Limits(**{field.name: getattr(self, field.name) for field in fields(Limits)})

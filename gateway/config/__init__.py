"""Settings: one file (``o2c.toml``) and the environment on top of it (``O2C_GATEWAY__PORT=8090``).

Everything has a default, so that nothing at all has to be written to start. Imports nothing of the gateway.
"""

from gateway.config.addressing import AddressingSettings, PartnerSettings
from gateway.config.cut import CutSettings, ObjectSettings, SubscriberSettings
from gateway.config.publishing import PublishingSettings
from gateway.config.reading import FILE_VARIABLE, ConfigError, Sourced, load, sources
from gateway.config.security import SecuritySettings
from gateway.config.settings import (
    BillingSettings,
    BrmSettings,
    GatewaySettings,
    LimitSettings,
    LogSettings,
    QueueSettings,
    Settings,
    TransactionMode,
)
from gateway.config.siebel import SiebelSettings

__all__ = [
    "FILE_VARIABLE",
    "AddressingSettings",
    "BillingSettings",
    "BrmSettings",
    "ConfigError",
    "CutSettings",
    "GatewaySettings",
    "LimitSettings",
    "LogSettings",
    "ObjectSettings",
    "PartnerSettings",
    "PublishingSettings",
    "QueueSettings",
    "SecuritySettings",
    "Settings",
    "SiebelSettings",
    "Sourced",
    "SubscriberSettings",
    "TransactionMode",
    "load",
    "sources",
]

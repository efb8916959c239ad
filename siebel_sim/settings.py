"""The simulator's settings, from the environment (``SIEBEL_SIM_…``)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from simkit import security
from simkit.sending import SendingSettings
from simkit.serving import ServingSettings
from soapkit.catalog import contracts_root
from soapkit.wss.siebel import Lifetimes


class Settings(ServingSettings, SendingSettings):
    """Where it listens, what it serves, where it keeps its state, how it behaves, and what it tells others."""

    model_config = SettingsConfigDict(env_prefix="SIEBEL_SIM_", frozen=True, hide_input_in_errors=True)

    port: int = Field(8082, ge=1, le=65535, description="Port to listen on.")
    contracts: Path = Field(
        default_factory=lambda: contracts_root() / "wsdl" / "siebel",
        description="Folder of WSDLs: every service in it is served.",
    )
    drop: Path | None = Field(
        None, description="Folder of your own Siebel WSDLs: each is served, beside the others, from when it is there."
    )
    language: str = Field(
        "enu", pattern="^[a-z]{3}$", description="Siebel's language: in /eai_<language>/ and names of log files."
    )
    url: str = Field(
        "sqlite:///siebel_sim.sqlite", description="Database: a SQLite file or PostgreSQL, as a SQLAlchemy URL."
    )
    seed: int = Field(0, ge=0, description="Customers to make at the start, when the database has none.")
    maximum_page_size: int = Field(100, ge=1, le=100_000, description="Records that one page may hold.")
    maximum_records: int = Field(10_000, ge=1, le=1_000_000, description="Records that a query without pages may find.")
    journal_size: int = Field(10_000, ge=0, description="Calls that the journal keeps; 0 = no journal.")
    users: SecretStr | None = Field(
        None, description="Who may log in, by Siebel's SOAP headers: name:password,… or @file."
    )
    anonymous: bool = Field(True, description="Let requests in that say no name and no token.")
    credentials_in_url: bool = Field(False, description="Take UserName and Password from the URL, as before 8.1.")
    session_idle: float = Field(900.0, gt=0, description="Seconds after which an unused session ends.")
    session_longest: float = Field(28_800.0, gt=0, description="Seconds after which any session ends.")
    policies: Path | None = Field(
        None,
        description="Workflow policies of your own (TOML): which changes are sent, beside or instead of the usual.",
    )
    workflows: Path | None = Field(
        None, description="Folder of your own WSDLs with CUTSend operations, beside the installed ones."
    )
    control_token: SecretStr | None = Field(None, description="Bearer token of the control API.")

    @field_validator("users")
    @classmethod
    def _users_are_pairs(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            security.users(value.get_secret_value())
        return value

    @property
    def receivers(self) -> tuple[Path, ...]:
        """Folders of the WSDLs whose CUTSend operations changes are told to."""
        return (contracts_root() / "wsdl" / "cut", *filter(None, [self.workflows]))

    @property
    def lifetimes(self) -> Lifetimes:
        """How long sessions live."""
        return Lifetimes(timedelta(seconds=self.session_idle), timedelta(seconds=self.session_longest))

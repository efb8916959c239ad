"""The simulator's settings, from the environment (``BRM_SIM_…``)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from simkit import security
from simkit.limits import LimitSettings
from simkit.logs import Level


class Settings(LimitSettings):
    """Where it listens, where it keeps its state, and how it behaves."""

    model_config = SettingsConfigDict(env_prefix="BRM_SIM_", frozen=True, hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8081, ge=1, le=65535, description="Port to listen on.")
    url: str = Field(
        "sqlite:///brm_sim.sqlite", description="Database: a SQLite file or PostgreSQL, as a SQLAlchemy URL."
    )
    catalog: Path | None = Field(None, description="Price list, a TOML file; without it the one that comes along.")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve.")
    threads: int = Field(8, ge=1, le=128, description="Threads of each process.")
    public_url: str | None = Field(None, description="The address that published WSDLs say.")
    lock_wait: float = Field(
        5.0, gt=0, le=600, description="Seconds to wait for an object that another transaction holds."
    )
    journal_size: int = Field(10_000, ge=0, description="Calls that the journal keeps; 0 = no journal.")
    log_level: Level = Field("info", description="debug, info, warning or error.")
    users: SecretStr | None = Field(
        None,
        description="Who may call, by HTTP Basic or UsernameToken: name:password,… or @file; else anybody.",
    )
    control_token: SecretStr | None = Field(None, description="Bearer token of the control API.")

    @field_validator("users")
    @classmethod
    def _users_are_pairs(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            security.users(value.get_secret_value())
        return value

    @property
    def address(self) -> str:
        """The address that published WSDLs say."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def patience(self) -> timedelta:
        """How long to wait for a lock."""
        return timedelta(seconds=self.lock_wait)

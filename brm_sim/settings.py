"""The simulator's settings, from the environment (``BRM_SIM_…``)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from simkit import security
from simkit.sending import SendingSettings
from simkit.serving import ServingSettings


class Settings(SendingSettings, ServingSettings):
    """Where it listens, where it keeps its state, how it behaves, and whom it tells of changes."""

    model_config = SettingsConfigDict(
        env_prefix="BRM_SIM_", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )

    url: str = Field(
        "sqlite:///brm_sim.sqlite", description="Database: a SQLite file or PostgreSQL, as a SQLAlchemy URL."
    )
    catalog: Path | None = Field(None, description="Price list, a TOML file; without it the one that comes along.")
    lock_wait: float = Field(
        5.0, gt=0, le=600, description="Seconds to wait for an object that another transaction holds."
    )
    journal_size: int = Field(10_000, ge=0, description="Calls that the journal keeps; 0 = no journal.")
    users: SecretStr | None = Field(
        None,
        description="Who may call, by HTTP Basic or UsernameToken: name:password,… or @file; else anybody.",
    )
    control_token: SecretStr | None = Field(None, description="Bearer token of the control API.")

    send_to: str | None = Field(
        None,
        pattern=r"^https?://",
        validation_alias=AliasChoices("BRM_SIM_PUBLISH_TO", "BRM_SIM_SEND_TO"),
        description="Base address of a gateway that is told changes of customers and services; none without it.",
    )
    system: str = Field(
        "BRM_01", min_length=1, max_length=50, description="The name by which cross-references know this BRM."
    )

    @field_validator("users")
    @classmethod
    def _users_are_pairs(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            security.users(value.get_secret_value())
        return value

    @property
    def lock_patience(self) -> timedelta:
        """How long to wait for a lock."""
        return timedelta(seconds=self.lock_wait)

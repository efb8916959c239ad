"""Reading settings: one file, the environment on top, and a memory of which said what.

A setting that does not exist is refused by name, never ignored. Opens no connection and makes no directory.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from gateway.config.settings import Keys, Settings

PREFIX = "O2C_"
SEPARATOR = "__"
FILE_VARIABLE = "O2C_CONFIG"
DEFAULT_FILE = "o2c.toml"
MASK = "********"

_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")


class ConfigError(Exception):
    """Settings that cannot be used: every problem, each naming the setting and where it was written."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Sourced:
    """One setting by its dotted name; secrets are masked. ``source``: ``default``, a file's path, or a variable."""

    name: str
    value: str | int | float | bool | None
    source: str
    about: str


def load(path: Path | None = None) -> Settings:
    """Read the settings file (``path``, else ``O2C_CONFIG``, else ``./o2c.toml`` where it exists) and the environment.

    Raises ConfigError naming each unknown or unusable setting with its file or variable.
    """
    file = _file(path)
    in_file = _located(_of_file(file), lambda _: str(file))
    variables = _located(_of_environment(), _variable)
    written = in_file | {_spelled(keys, in_file): value for keys, value in variables.items()}
    origin = {keys: source for keys, (_, source) in written.items()}
    try:
        return Settings.model_validate(_nested({keys: value for keys, (value, _) in written.items()}), context=origin)
    except ValidationError as error:
        raise ConfigError(*(_problem(one["loc"], one["type"], one["msg"], origin) for one in error.errors())) from None


def sources(settings: Settings) -> tuple[Sourced, ...]:
    """Return every setting with its value and where it came from, in the order of the classes."""
    return tuple(
        Sourced(".".join(keys), _shown(value), settings.origin.get(keys, "default"), about)
        for keys, value, about in _leaves(settings)
    )


def _file(path: Path | None) -> Path | None:
    named = path or (Path(os.environ[FILE_VARIABLE]) if os.environ.get(FILE_VARIABLE) else None)
    if named is None:
        return Path(DEFAULT_FILE) if Path(DEFAULT_FILE).is_file() else None
    if not named.is_file():
        raise ConfigError(f"{named}: there is no such settings file")
    return named


def _of_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error


class _Environment(BaseSettings, Settings):
    """The settings' shape, for the library to look variables up by."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter=SEPARATOR, env_ignore_empty=True)


def _of_environment() -> dict[str, Any]:
    """Variables are read without case; names of systems, which are upper case by rule, get their case back."""
    strangers = [name for name in os.environ if _names_no_section(name)]
    if strangers:
        raise ConfigError(*(f"{name}: there is no such setting" for name in sorted(strangers)))
    try:
        given = EnvSettingsSource(_Environment)()
    except SettingsError as error:
        raise ConfigError(str(error)) from error
    for systems in ("brm", "siebel"):
        if systems in given:
            given[systems] = {name.upper(): table for name, table in given[systems].items()}
    if subscribers := given.get("cut", {}).get("subscribers"):
        given["cut"]["subscribers"] = {name.upper(): table for name, table in subscribers.items()}
    if partners := given.get("addressing", {}).get("partners"):
        given["addressing"]["partners"] = {name.upper(): table for name, table in partners.items()}
    return given


def _names_no_section(variable: str) -> bool:
    """Without the separator it is no setting at all: ``O2C_CONFIG``, ``O2C_CONTRACTS_DIR``."""
    section, separator, _ = variable.upper().removeprefix(PREFIX).partition(SEPARATOR)
    return variable.upper().startswith(PREFIX) and bool(separator) and section.lower() not in Settings.model_fields


def _variable(keys: Keys) -> str:
    """Return the variable that says ``keys``: itself, or one that holds a whole table as JSON."""
    present = {name.upper() for name in os.environ}
    names = [PREFIX + SEPARATOR.join(keys[:length]).upper() for length in range(len(keys), 0, -1)]
    return next((name for name in names if name in present), names[0])


def _located(tree: Mapping[str, Any], source: Callable[[Keys], str]) -> dict[Keys, tuple[Any, str]]:
    return {keys: (value, source(keys)) for keys, value in _flat(tree)}


def _spelled(keys: Keys, in_file: Collection[Keys]) -> Keys:
    """Return a variable's keys as the file spells them: variables know no case, and would stand beside what they mean.

    Of a table that has two spellings in the file, either will do: it is refused for that.
    """
    folded = [key.casefold() for key in keys]
    alike = (known for known in in_file if [key.casefold() for key in known] == folded)
    return keys if keys in in_file else next(alike, keys)


def _flat(tree: Mapping[str, Any], above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, (*above, key))
        else:
            yield (*above, key), value


def _nested(values: Mapping[Keys, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for keys, value in values.items():
        node = tree
        for key in keys[:-1]:
            node = node.setdefault(key, {})
        node[keys[-1]] = value
    return tree


def _problem(location: tuple[int | str, ...], kind: str, message: str, origin: Mapping[Keys, str]) -> str:
    keys = tuple(str(part) for part in location if part != "[key]")
    if not keys:  # a rule about several sections: its text names them
        return message.removeprefix("Value error, ")
    where = next((source for written, source in origin.items() if written[: len(keys)] == keys), "default")
    if kind == "extra_forbidden":
        message = f"there is no such setting{_suggestion(keys)}"
    return f"{'.'.join(keys)}: {message.removeprefix('Value error, ')} ({where})"


def _suggestion(keys: Keys) -> str:
    known = [".".join(path) for path, _, _ in _leaves(Settings())] + list(Settings.model_fields)
    close = difflib.get_close_matches(".".join(keys), known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _leaves(
    node: BaseModel | Mapping[str, Any], above: Keys = (), of_table: str = ""
) -> Iterator[tuple[Keys, Any, str]]:
    """Yield what holds one value; an entry of a table is about what the table is about."""
    fields = type(node).model_fields if isinstance(node, BaseModel) else {}
    for key, value in node if isinstance(node, BaseModel) else node.items():
        about = (fields[key].description or "") if key in fields else of_table
        if isinstance(value, BaseModel) or (isinstance(value, Mapping) and value):
            yield from _leaves(value, (*above, key), about)
        else:
            yield (*above, key), value, " ".join(about.split())


def _shown(value: Any) -> str | int | float | bool | None:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, tuple | list | Mapping):  # a table that is shown whole is an empty one
        return ", ".join(map(str, value)) or None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        return _PASSWORD_IN_URL.sub(rf"\1:{MASK}@", str(value))
    shown: int | float | bool | None = value
    return shown

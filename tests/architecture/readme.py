"""What README.md repeats of code and files. ``python -m tests.architecture.readme`` writes it anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from brm_sim.dispatch import simulated
from brm_sim.opcodes import OPCODES
from gateway.config import Settings, SubscriberSettings, sources

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
_CREDENTIALS = "As `brm.BRM_01.security`: what the gateway proves itself with."
NGINX = ("o2c.conf", "o2c-proxy.inc", "o2c-old-tls.conf")


def settings_table() -> Iterator[str]:
    """Yield a row for each setting: name, default, what it is about."""
    yield "| setting | default | |"
    yield "|---|---|---|"
    for one in sources(Settings()):
        default = (
            "" if one.value is None else f"`{str(one.value).lower() if isinstance(one.value, bool) else one.value}`"
        )
        yield f"| `{one.name}` | {default} | {one.about.replace('``', '`')} |"


def subscriber_table() -> Iterator[str]:
    """Yield a row for each setting of one subscriber."""
    yield "| `cut.subscribers.NAME.` | default | |"
    yield "|---|---|---|"
    for name, field in SubscriberSettings.model_fields.items():
        plain = field.default if isinstance(field.default, str | int) else None
        default = "" if plain is None else f"`{str(plain).lower()}`"
        about = " ".join(
            (field.description or "As `brm.BRM_01.security`: what the gateway proves itself with.").split()
        )
        yield f"| `{name}` | {default} | {about.replace('``', '`')} |"


def not_simulated_table() -> Iterator[str]:
    """Yield a row for each group of opcodes that BRM's contracts declare and the simulator does not simulate."""
    missing = sorted(name for name, is_simulated in simulated(OPCODES).items() if not is_simulated)
    yield '| known, and answered "not simulated" |'
    yield "|---|"
    yield f"| {', '.join(f'`{name}`' for name in missing)} |"


def quoted(path: str) -> Iterator[str]:
    """Yield a file of the repository as a block of code."""
    yield "```nginx"
    yield from (ROOT / path).read_text(encoding="utf-8").splitlines()
    yield "```"


REPEATED: Mapping[str, Callable[[], Iterator[str]]] = {
    "settings": settings_table,
    "subscriber settings": subscriber_table,
    "not simulated": not_simulated_table,
    **{path: partial(quoted, path) for path in (f"deploy/nginx/{name}" for name in NGINX)},
}


def rewritten(text: str) -> str:
    """Return the README with everything between such markers as code and files have it."""
    for name, rows in REPEATED.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, rest = text.split(begin)
        _, after = rest.split(end)
        text = "\n".join((before + begin, *rows(), end + after))
    return text


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")

"""Writes the files of a drafted object, all or none, in the layout of the contracts: ``wsdl/…`` and ``xsd/…``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.cut.scaffold.draft import Draft, ScaffoldError
from gateway.cut.scaffold.operations import methods, workflows
from soapkit.catalog import contracts_root

_WORKFLOWS = "http://siebel.com/CustomUI"
_METHODS = "http://siebel.com/asi/"
_SIEBEL = "http://localhost:8082/eai_enu/start.swe?SWEExtSource=WebService&SWEExtCmd=Execute&WSSOAP=1"
_environment = Environment(
    loader=PackageLoader("gateway.cut.scaffold"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What was written: the files, and the row of the settings that has the gateway serve the object."""

    name: str
    directory: Path
    wsdl: str
    siebel_wsdl: str
    sample: str
    files: tuple[str, ...]

    @property
    def settings(self) -> str:
        """The row of the settings, as TOML: relative to the contracts where it can be."""
        base = Path() if self.directory.resolve() == contracts_root() else self.directory.resolve()
        return (
            f'[cut.objects."{self.name}"]\n'
            f'wsdl = "{(base / self.wsdl).as_posix()}"\n'
            f'siebel_wsdl = "{(base / self.siebel_wsdl).as_posix()}"\n'
        )


def scaffold(of: Draft, directory: Path) -> Scaffold:
    """Write all files below ``directory``. Raises ScaffoldError when one is there already, and writes none then."""
    texts = _texts(of)
    there = [name for name in texts if (directory / name).exists()]
    if there:
        raise ScaffoldError(f"{of.name} is there already: {', '.join(there)} in {directory}")
    try:
        for name, text in texts.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ScaffoldError(f"{directory} cannot be written to: {error.strerror}") from error
    return Scaffold(of.name, directory, _wsdl(of), _siebel_wsdl(of), _sample(of), tuple(texts))


def _wsdl(of: Draft) -> str:
    return f"wsdl/cut/CUT{of.key}.wsdl"


def _siebel_wsdl(of: Draft) -> str:
    return f"wsdl/siebel/CUTSample{of.key}.wsdl"


def _sample(of: Draft) -> str:
    return f"wsdl/cut/samples/CUTReceive{of.key}Data_Input.xml"


def _texts(of: Draft) -> Mapping[str, str]:
    own = {
        "service": f"CUT{of.key}",
        "namespace": _WORKFLOWS,
        "operations": workflows(of),
        "about": f"Siebel's CUT workflows for {of.name}.",
        "address": f"http://localhost:8080/services/CUT{of.key}",
    }
    siebels = {
        "service": f"CUTSample{of.key}",
        "namespace": _METHODS,
        "operations": methods(of),
        "about": f"The EAI Siebel Adapter over {of.integration_object}.",
        "address": _SIEBEL,
    }
    return {
        f"xsd/siebel/CUTSample{of.key}IO.xsd": _rendered("object.xsd", of),
        f"xsd/siebel/CUT{of.key}.xsd": _rendered("messages.xsd", of, own),
        f"xsd/siebel/CUTSample{of.key}.xsd": _rendered("messages.xsd", of, siebels),
        _wsdl(of): _rendered("service.wsdl", of, own),
        _siebel_wsdl(of): _rendered("service.wsdl", of, siebels),
        _siebel_wsdl(of).replace(".wsdl", ".toml"): _rendered("sidecar.toml", of),
        _sample(of): _rendered("sample.xml", of),
    }


def _rendered(template: str, of: Draft, service: Mapping[str, object] | None = None) -> str:
    written = _environment.get_template(f"{template}.jinja").render(of=of, **(service or {}))
    return written.replace("&#39;", "'")  # need not be escaped, and is to be read by people

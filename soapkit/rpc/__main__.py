"""Writes rpc/literal twins of document/literal contracts, or checks those that are there.

``python -m soapkit.rpc wsdl/cut/*.wsdl`` writes ``<Name>Rpc.wsdl`` beside each; ``--check`` writes nothing, and fails
when a twin is not what it would be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from soapkit.catalog import contracts_root
from soapkit.documents import ContractError
from soapkit.rpc.contract import twin_path, twin_wsdl


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check twins; return 1 when one cannot be written, is missing or differs."""
    options = argparse.ArgumentParser(prog="python -m soapkit.rpc", description=__doc__)
    options.add_argument("wsdl", nargs="+", type=Path, help="document/literal contracts")
    options.add_argument("--check", action="store_true", help="write nothing; fail when a twin is missing or differs")
    chosen = options.parse_args(arguments)
    told = [said for wsdl in chosen.wsdl if (said := _twin(wsdl, check=chosen.check))]
    sys.stderr.writelines(f"{said}\n" for said in told)
    return 1 if told else 0


def _twin(wsdl: Path, *, check: bool) -> str | None:
    try:
        written = twin_wsdl(wsdl.resolve(), contracts_root())
    except ContractError as error:
        return str(error)
    path = twin_path(wsdl)
    if not check:
        path.write_bytes(written)
        return None
    if path.is_file() and path.read_bytes() == written:
        return None
    return f"{path}: not the twin of {wsdl.name}; python -m soapkit.rpc {wsdl} makes it"


if __name__ == "__main__":
    sys.exit(main())

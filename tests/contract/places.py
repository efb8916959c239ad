"""Where contracts and samples lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples"
ABCS = sorted((ROOT / "wsdl" / "abcs").glob("*.wsdl"))
SCHEMAS = sorted((ROOT / "xsd").rglob("*.xsd"))
WSDLS = sorted((ROOT / "wsdl").rglob("*.wsdl"))

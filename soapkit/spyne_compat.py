"""Makes Spyne 2.14 importable, without warnings, on Python 3.11 to 3.13. Import this before any ``spyne`` module.

Spyne bundles an old ``six`` whose import hook lacks ``find_spec``: deprecated on 3.11, useless since 3.12. The bundled
module is loaded first, its hook taken away, and the ``moves`` modules of the real ``six`` get Spyne's names. (Python
3.13 also lacks ``cgi``: the ``legacy-cgi`` distribution brings it back, see pyproject.toml.) Spyne logs each fault with
a traceback; soapkit logs every failure once, itself, so Spyne's loggers are silenced here, where they are known.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from importlib.machinery import PathFinder
from pathlib import Path

_SIX = "spyne.util.six"
_MOVES = ("", ".collections_abc", ".http_cookies", ".urllib", ".urllib.error", ".urllib.parse", ".urllib.request")


def _load_bundled_six() -> None:
    package = PathFinder.find_spec("spyne")
    places = package.submodule_search_locations if package else None
    spec = importlib.util.spec_from_file_location(_SIX, Path(places[0], "util", "six.py")) if places else None
    if spec is None or spec.loader is None:
        raise ImportError("Spyne is not installed")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_SIX] = module
    spec.loader.exec_module(module)
    sys.meta_path.remove(module._importer)  # noqa: SLF001 - the hook has no public name


def _alias_moves() -> None:
    for suffix in _MOVES:
        sys.modules[f"{_SIX}.moves{suffix}"] = importlib.import_module(f"six.moves{suffix}")


if _SIX not in sys.modules:
    _load_bundled_six()
    _alias_moves()
    logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)

"""Makes Spyne 2.14 importable on Python 3.12 and 3.13. Import this before any ``spyne`` module; it does nothing else.

Spyne bundles an old ``six`` whose ``moves`` finder lacks ``find_spec``, which Python 3.12 requires. The real ``six``
has it, so its ``moves`` modules are registered under Spyne's names. (Python 3.13 also lacks ``cgi``: the
``legacy-cgi`` distribution brings it back, see pyproject.toml.) Spyne logs each fault with a traceback; soapkit logs
every failure once, itself, so Spyne's own loggers are silenced here, in the one module that knows them.
"""

from __future__ import annotations

import importlib
import logging
import sys

_MOVES = ("", ".collections_abc", ".http_cookies", ".urllib", ".urllib.error", ".urllib.parse", ".urllib.request")


def _alias_moves() -> None:
    for suffix in _MOVES:
        sys.modules.setdefault(f"spyne.util.six.moves{suffix}", importlib.import_module(f"six.moves{suffix}"))


_alias_moves()
logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)

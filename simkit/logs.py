"""A simulator's log: one event a line on standard error, each with its correlation id, for people or for collectors."""

from __future__ import annotations

import logging
import sys

from soapkit.observe import log
from soapkit.observe.log import Form, Level

__all__ = ["Form", "Level", "configure"]


def configure(level: Level, form: Form = "console") -> None:
    """Send every event of ``level`` and above to standard error. May be called again."""
    log.configure(level=level, form=form, stream=sys.stderr)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # the control API's calls are in its journal

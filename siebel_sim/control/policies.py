"""Workflow policies in the control API.

GET    /policies               {"send_to": "http://…", "policies": [{"name": …, "is_on": true, …}]}
POST   /policies/NAME/on · POST /policies/NAME/off
"""

from __future__ import annotations

from typing import Any

import flask
from werkzeug.exceptions import NotFound

from siebel_sim.outbound import Events


def policy_routes(events: Events, send_to: str | None) -> flask.Blueprint:
    """Make the routes."""
    routes = flask.Blueprint("policies", __name__)

    @routes.get("/policies")
    def policies() -> dict[str, Any]:
        return {"send_to": send_to, "policies": events.shown()}

    @routes.post("/policies/<name>/<any(on, off):wanted>")
    def switch(name: str, wanted: str) -> dict[str, Any]:
        try:
            events.switch(name, on=wanted == "on")
        except KeyError:
            raise NotFound(f"There is no policy {name}") from None
        return {"name": name, "is_on": wanted == "on"}

    return routes

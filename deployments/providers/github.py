"""GitHub's `deployment_status` event, as docs.github.com/webhooks describes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.errors import BadInput
from deployments.providers import generic
from deployments.ship import NotAShip, Ship

_STATES = {
    "pending": "pending",
    "queued": "pending",
    "waiting": "pending",
    "in_progress": "in_progress",
    "success": "succeeded",
    "failure": "failed",
    "error": "failed",
}


def parse(event: str, body: Any, *, now: datetime) -> Ship:
    """Return the ship that a delivery is about.

    Raises NotAShip for events and states that are not one, BadInput for an unreadable payload.
    """
    if event == "ping":
        return _not_a_ship("A ping: the webhook is set up. Nothing to record.")
    if event != "deployment_status":
        return _not_a_ship(f"The event “{event or 'none'}” is not read; deployment_status is.")
    if not isinstance(body, Mapping):
        raise BadInput("body", "must be a JSON object.")
    status, deployment = body.get("deployment_status"), body.get("deployment")
    if not isinstance(status, Mapping) or not isinstance(deployment, Mapping):
        raise BadInput("deployment_status", "or deployment is missing from the payload.")
    state = status.get("state")
    if state not in _STATES:
        return _not_a_ship(f"The state “{state}” is not one in the life of a ship.")
    repository = body.get("repository") or {}
    payload = deployment.get("payload")
    payload = payload if isinstance(payload, Mapping) else {}
    finished = state in ("success", "failure", "error")
    return generic.parse(
        {
            **payload,
            "id": f"github:{repository.get('id', '')}:{deployment.get('id', '')}",
            "sha": deployment.get("sha"),
            "version": payload.get("version") or _version(deployment.get("ref")),
            "environment": deployment.get("environment") or status.get("environment"),
            "status": _STATES[state],
            "started_at": deployment.get("created_at"),
            "finished_at": status.get("created_at") if finished else None,
            "title": payload.get("title") or deployment.get("description") or "",
            "url": status.get("target_url") or repository.get("html_url"),
            "author": _author(deployment.get("creator")),
        },
        now=now,
    )


def _not_a_ship(reason: str) -> Ship:
    raise NotAShip(reason)


def _version(ref: Any) -> str:
    # A branch's name is no version: every ship of main would have the same one.
    name = str(ref or "")
    return name if any(character.isdigit() for character in name) else ""


def _author(creator: Any) -> dict[str, Any] | None:
    if not isinstance(creator, Mapping) or not creator.get("login"):
        return None
    login = str(creator["login"])
    return {"email": creator.get("email") or f"{login}@users.noreply.github.com", "name": login}

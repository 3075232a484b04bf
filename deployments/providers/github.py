"""GitHub's `deployment_status` event, as docs.github.com/webhooks describes it."""

import json
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
        raise NotAShip("A ping: the webhook is set up. Nothing to record.")
    if event != "deployment_status":
        raise NotAShip(f"The event “{event or 'none'}” is not read; deployment_status is.")
    status, deployment = _part(body, "deployment_status"), _part(body, "deployment")
    state = str(status.get("state"))
    if state not in _STATES:
        raise NotAShip(f"The state “{state[:50]}” is not one in the life of a ship.")
    if not deployment.get("id"):
        raise BadInput("deployment.id", "is missing.", "Send the payload as GitHub made it.")
    repository = body.get("repository")
    repository = repository if isinstance(repository, Mapping) else {}
    payload = _payload(deployment.get("payload"))
    finished = state in ("success", "failure", "error")
    return generic.parse(
        {
            **payload,
            "id": f"github:{repository.get('id', '')}:{deployment['id']}",
            "sha": deployment.get("sha"),
            "version": payload.get("version") or _version(deployment.get("ref")),
            "environment": deployment.get("environment") or status.get("environment"),
            "status": _STATES[state],
            "started_at": deployment.get("created_at"),
            "finished_at": status.get("created_at") if finished else None,
            "title": payload.get("title") or _line(deployment.get("description")),
            "url": _web(status.get("target_url")) or repository.get("html_url"),
            "author": payload.get("author") or _author(deployment.get("creator")),
        },
        now=now,
    )


def _part(body: Any, name: str) -> Mapping[str, Any]:
    part = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(part, Mapping):
        raise BadInput(name, "is missing from the payload.", "Send it as GitHub made it.")
    return part


def _payload(given: Any) -> Mapping[str, Any]:
    """Return what whoever made the deployment put in it; GitHub passes it on as JSON or text."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {}
    return given if isinstance(given, Mapping) else {}


def _version(ref: Any) -> str:
    # A branch's name is no version: every ship of main would have the same one.
    name = str(ref or "")
    return name if any(character.isdigit() for character in name) else ""


def _line(text: Any) -> str:
    return " ".join(text.split())[:300] if isinstance(text, str) else ""


def _web(address: Any) -> str:
    found = isinstance(address, str) and address.startswith(("https://", "http://"))
    return address if found else ""


def _author(creator: Any) -> dict[str, Any] | None:
    if not isinstance(creator, Mapping) or not creator.get("login"):
        return None
    login = str(creator["login"])
    return {"email": creator.get("email") or f"{login}@users.noreply.github.com", "name": login}

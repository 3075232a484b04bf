"""Vercel's webhooks: the life of a deployment."""

from typing import Any

from common.payloads import dig, line, moment, must, needed, part, web
from common.webhooks import VERCEL
from deployments.providers.base import Provider, Told, in_body, make_ship, only_branch
from deployments.ship import NotAShip, Ship

_STATES = {
    "deployment.created": "in_progress",
    "deployment.succeeded": "succeeded",
    "deployment.ready": "succeeded",
    "deployment.promoted": "succeeded",
    "deployment.error": "failed",
    "deployment.canceled": "failed",
}


def parse(told: Told) -> list[Ship]:
    """Return the ship that a delivery is about."""
    kind = line(dig(told.body, "type"))
    if kind not in _STATES:
        raise NotAShip(f"The event “{kind[:50] or 'none'}” is not read; deployment events are.")
    payload = needed(told.body, "payload")
    deployment = needed(payload, "deployment")
    meta = part(deployment, "meta")
    only_branch(told, _meta(meta, "CommitRef"))
    number = must(deployment.get("id"), "payload.deployment.id", 100)
    # Vercel says "production", "staging" or nothing, which is a preview; promoting makes it live.
    target = line(payload.get("target"), 100) or "preview"
    promoted = kind == "deployment.promoted"
    status, sent = _STATES[kind], moment(dig(told.body, "createdAt"))
    return [
        make_ship(
            told,
            {
                "id": f"vercel:{number}" + (":promoted" if promoted else ""),
                "sha": _meta(meta, "CommitSha")[:64],
                "version": "" if _meta(meta, "CommitSha") else number,
                "environment": "production" if promoted else target,
                "service": line(deployment.get("name"), 100),
                "status": status,
                "started_at": sent if status == "in_progress" else None,
                "finished_at": sent if status != "in_progress" else None,
                "title": _meta(meta, "CommitMessage").split("\n", 1)[0][:300],
                "url": web(
                    dig(payload, "links", "deployment"),
                    deployment.get("inspectorUrl"),
                    f"https://{line(deployment.get('url'))}" if deployment.get("url") else "",
                ),
                "author": _author(meta),
            },
        )
    ]


def _meta(meta: Any, name: str) -> str:
    """Return what the connected git host, whichever it is, said of the commit."""
    found = (meta.get(f"{host}{name}") for host in ("github", "gitlab", "bitbucket"))
    return next((text for text in map(line, found) if text), "")


def _author(meta: Any) -> dict[str, str] | None:
    email, name = _meta(meta, "CommitAuthorEmail"), _meta(meta, "CommitAuthorName")
    return {"email": email, "name": name[:150]} if email or name else None


VERCEL_PROVIDER = Provider(
    name="vercel",
    label="Vercel",
    parse=parse,
    schemes=(VERCEL,),
    events=in_body("type"),
    delivery_id=in_body("id"),
    choices=("branch",),
    setup=(
        "In the team's settings open Webhooks, Create Webhook.",
        "Endpoint URL: `{url}`. Events: Deployment Created, Succeeded, Error, Canceled and "
        "Promoted.",
        "Vercel then shows its own secret once: copy it, and enter it here as the secret.",
    ),
)

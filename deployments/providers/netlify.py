"""Netlify's outgoing webhooks (HTTP POST notifications): the life of a deploy."""

from collections.abc import Mapping
from typing import Any

from common.payloads import dig, line, moment, must, web
from common.webhooks import NETLIFY
from deployments.providers.base import Provider, Told, make_ship, only_branch, read_status
from deployments.ship import NotAShip, Ship

_NO_DEPLOYS = ("deploy_locked", "deploy_unlocked", "deploy_deleted")


def parse(told: Told) -> list[Ship]:
    """Return the ship that a notification is about."""
    body = told.body
    if told.event in _NO_DEPLOYS or told.event.startswith(("submission", "split_test")):
        raise NotAShip(f"The event “{told.event[:50]}” ships nothing.")
    if told.event == "deploy_request_pending":
        raise NotAShip("A deploy waits for approval.")
    status = read_status(dig(body, "state"), field="state")
    only_branch(told, body.get("branch"))
    sha, number = line(body.get("commit_ref"), 64), must(body.get("id"), "id", 100)
    done = status in ("succeeded", "failed")
    ended = moment(body.get("published_at")) or moment(body.get("updated_at"))
    return [
        make_ship(
            told,
            {
                "id": f"netlify:{number}",
                "sha": sha,
                "version": "" if sha else number,
                "environment": line(body.get("context"), 100) or told.options.environment,
                "service": line(body.get("name"), 100),
                "status": status,
                "started_at": moment(body.get("created_at")),
                "finished_at": ended if done else None,
                "title": line(body.get("title")),
                "notes": line(body.get("error_message"), 2_000),
                "url": web(body.get("admin_url"), body.get("commit_url")),
                "author": line(body.get("committer"), 150) or None,
            },
        )
    ]


def _kind(headers: Mapping[str, str], body: Any) -> str:
    return headers.get("x-netlify-event", "") or line(dig(body, "state"), 100)


NETLIFY_PROVIDER = Provider(
    name="netlify",
    label="Netlify",
    parse=parse,
    schemes=(NETLIFY,),
    events=_kind,
    delivery_id=lambda headers, body: "",
    choices=("branch",),
    setup=(
        "In the project's configuration open Notifications, Emails and webhooks, Add notification, "
        "HTTP POST request.",
        "URL to notify: `{url}`. JWS secret token: the webhook's secret. Add it for Deploy "
        "started, Deploy succeeded and Deploy failed.",
        "The deploy's context (production, deploy-preview, branch-deploy) is its environment.",
    ),
)

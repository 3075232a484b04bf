"""Heroku's app webhooks: releases, and the builds that led to them."""

from collections.abc import Mapping
from typing import Any

from common.payloads import dig, line, moment, must, needed, part, web
from common.webhooks import HEROKU
from deployments.providers.base import Provider, Told, in_body, make_ship, read_status
from deployments.providers.values import person, sha_in
from deployments.ship import NotAShip, Ship


def parse(told: Told) -> list[Ship]:
    """Return the ship that a notification is about."""
    resource, data = line(dig(told.body, "resource")), part(told.body, "data")
    if resource == "build":
        raise NotAShip("A build ships nothing by itself; the release that follows does.")
    if resource != "release":
        raise NotAShip(f"The resource “{resource[:50] or 'none'}” is not read; releases are.")
    needed(told.body, "data")
    why = line(data.get("description"))
    app = must(dig(data, "app", "name"), "data.app.name", 100)
    version = must(data.get("version"), "data.version", 50)
    status = read_status(data.get("status") or "succeeded", field="data.status")
    # "Deploy 1a2b3c4d" and "Rollback to v12" tell what went out; "Set FOO config vars" does too.
    sha = sha_in(dig(data, "slug", "commit")) or _sha_told(why)
    return [
        make_ship(
            told,
            {
                "id": f"heroku:{app}:{version}",
                "sha": sha,
                "version": f"v{version}",
                "environment": told.options.environment,
                "service": app,
                "status": status,
                "started_at": moment(data.get("created_at")),
                "finished_at": moment(data.get("updated_at"))
                if status in ("succeeded", "failed")
                else None,
                "title": why,
                "url": web(f"https://dashboard.heroku.com/apps/{app}/activity"),
                "author": person(data.get("user") or dig(told.body, "actor")),
            },
        )
    ]


def _sha_told(text: str) -> str:
    word, _, sha = text.partition(" ")
    return sha_in(sha) if word in ("Deploy", "Promote") else ""


def _kind(_headers: Mapping[str, str], body: Any) -> str:
    return f"{line(dig(body, 'resource'), 50)} {line(dig(body, 'action'), 40)}".strip()


HEROKU_PROVIDER = Provider(
    name="heroku",
    label="Heroku",
    parse=parse,
    schemes=(HEROKU,),
    events=_kind,
    delivery_id=in_body("webhook_metadata", "delivery", "id"),
    choices=("environment",),
    setup=(
        "Run the command below once for each app; `-l sync` makes Heroku try again when Wake "
        "cannot be reached.",
        "Releases are read; builds are answered as ignored.",
    ),
    example="""\
heroku webhooks:add -a YOUR_APP -i api:release -l sync -s "$WAKE_SECRET" -u {url}""",
)

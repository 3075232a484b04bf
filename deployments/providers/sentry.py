"""Release and deploy calls as one sends them to Sentry; Sentry's own webhooks are told apart."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from common.payloads import dig, line, moment, must, rows, web
from common.webhooks import ANY_TOKEN, SENTRY
from deployments.providers.base import Provider, Told, make_ship
from deployments.providers.values import person, sha_in
from deployments.ship import NotAShip, Ship

_IN_PATH = re.compile(r"releases/([^/]+)(/deploys)?/?$")


def parse(told: Told) -> list[Ship]:
    """Return the ship that a release call (without a deploy, it is pending) or a deploy call is."""
    if "sentry-hook-resource" in told.headers or _is_alert(told.body):
        raise NotAShip("An issue or event that Sentry tells of; release and deploy calls are read.")
    named = _IN_PATH.search(told.path)
    version = line(dig(told.body, "version"), 200) or (unquote(named[1]) if named else "")
    version = must(version, "version")
    is_deploy = bool(named and named[2]) or "environment" in told.body
    return [make_ship(told, (_deploy if is_deploy else _release)(told, version))]


def _is_alert(body: Any) -> bool:
    """Tell Sentry's alerts by what only they have."""
    return isinstance(body, Mapping) and bool(
        dig(body, "data", "issue") or dig(body, "data", "event") or body.get("event")
    )


def _deploy(told: Told, version: str) -> dict[str, Any]:
    body = told.body
    return {
        "version": version,
        "sha": _sha(version),
        "environment": line(body.get("environment"), 100) or told.options.environment,
        "service": _service(body),
        "title": line(body.get("name")),
        "url": web(body.get("url")),
        "started_at": moment(body.get("dateStarted")),
        "finished_at": moment(body.get("dateFinished")),
        "commits": _commits(body),
    }


def _release(told: Told, version: str) -> dict[str, Any]:
    body = told.body
    released = moment(dig(body, "dateReleased"))
    return {
        "version": version,
        "sha": _sha(version) or sha_in(*(dig(ref, "commit") for ref in rows(body, "refs"))),
        "environment": told.options.environment,
        "service": _service(body),
        "status": "succeeded" if released else "pending",
        "finished_at": released,
        "url": web(dig(body, "url")),
        "commits": _commits(body),
    }


def _sha(version: str) -> str:
    """A release is often called by its commit; "app@1.2.3+45" is not one."""
    found = sha_in(version.rpartition("@")[2])
    return found if len(found) >= 12 else ""


def _service(body: Any) -> str:
    projects = rows(body, "projects")
    return line(projects[0], 100) if len(projects) == 1 else ""


def _commits(body: Any) -> list[dict[str, Any]]:
    found = []
    for row in rows(body, "commits")[:1000]:
        author = {"name": dig(row, "author_name"), "email": dig(row, "author_email")}
        paths = [line(dig(one, "path"), 1000) for one in rows(row, "patch_set")]
        if ref := line(dig(row, "id"), 100):
            found.append(
                {
                    "sha": ref,
                    "message": line(dig(row, "message"), 5_000),
                    "author": person(author),
                    "date": moment(dig(row, "timestamp")),
                    "files": [path for path in paths if path],
                }
            )
    return found


def _kind(headers: Mapping[str, str], body: Any) -> str:
    told = headers.get("sentry-hook-resource") or line(dig(body, "event"), 50)
    if told:
        return told
    return "deploy" if isinstance(body, Mapping) and "environment" in body else "release"


SENTRY_PROVIDER = Provider(
    name="sentry",
    label="Sentry-style calls",
    parse=parse,
    schemes=(SENTRY, *ANY_TOKEN),
    events=_kind,
    delivery_id=lambda headers, body: headers.get("request-id", ""),
    choices=("environment",),
    setup=(
        "Wherever you tell Sentry of a release or deploy by its API, send the same call here: "
        "`{url}` stands for `https://sentry.io/`, and what follows it in the address may stay.",
        "The webhook's secret is the bearer token.",
        "A release without a deploy is a ship that waits; the deploy call makes it live.",
    ),
    example="""\
curl --max-time 10 "{url}api/0/organizations/ORG/releases/$VERSION/deploys/" \\
  -H "Authorization: Bearer $WAKE_SECRET" -H "Content-Type: application/json" \\
  -d '{"environment": "production"}'""",
)

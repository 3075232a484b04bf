"""Deploy calls as one sends them to Sleuth: register_deploy."""

from collections.abc import Mapping
from typing import Any

from common.payloads import dig, line, moment, must, part, rows, web
from common.webhooks import ANY_TOKEN, BODY_KEY
from deployments.providers.base import Provider, Told, make_ship, no_id, only_branch
from deployments.providers.values import commits
from deployments.ship import Ship


def parse(told: Told) -> list[Ship]:
    """Return the ship that a call to register a deploy tells of."""
    body = told.body
    sha = must(dig(body, "sha"), "sha", 64)
    if line(body.get("branch")):
        only_branch(told, body.get("branch"))
    return [
        make_ship(
            told,
            {
                "sha": sha,
                "environment": line(body.get("environment"), 100) or told.options.environment,
                "service": _service(told.path),
                "finished_at": moment(body.get("date")),
                "author": line(body.get("email"), 254) or None,
                "tags": _tags(body.get("tags")),
                "url": _link(body.get("links")),
                "commits": [
                    {**one, "sha": one["sha"], "url": web(one["url"])} for one in _commits(body)
                ],
                "pull_requests": [row for row in rows(body, "pull_requests") if row][:100],
            },
        )
    ]


def _service(path: str) -> str:
    """Sleuth's address names it: .../deployments/ORG/DEPLOYMENT/register_deploy."""
    parts = [name for name in path.split("/") if name]
    return line(parts[-2], 100) if len(parts) > 2 and parts[-1].startswith("register") else ""


def _tags(given: Any) -> list[str]:
    words = given.split(",") if isinstance(given, str) else given
    words = words if isinstance(words, list) else []
    return [tag for word in words if (tag := line(word, 200).lstrip("#"))]


def _link(given: Any) -> str:
    if isinstance(given, str):
        return web(given.partition("=")[2], given)
    return web(*part({"links": given}, "links").values())


def _commits(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    flat = [
        {
            "sha": dig(row, "revision") or dig(row, "sha"),
            "message": dig(row, "message"),
            "author": dig(row, "author")
            if isinstance(dig(row, "author"), Mapping)
            else {"name": dig(row, "author"), "email": dig(row, "email")},
            "timestamp": dig(row, "date"),
            "url": dig(row, "url"),
            "files": rows(row, "files"),
        }
        for row in rows(body, "commits")
    ]
    return commits(flat)


SLEUTH = Provider(
    name="sleuth",
    label="Sleuth-style calls",
    parse=parse,
    schemes=(*ANY_TOKEN, BODY_KEY),
    events=lambda headers, body: "register_deploy",
    delivery_id=no_id,
    choices=("branch", "environment"),
    setup=(
        "Wherever you call Sleuth's `register_deploy`, send the same call here: `{url}` stands for "
        "`https://app.sleuth.io/`, and what follows it in the address may stay.",
        "The webhook's secret is the access token, in the header `Authorization` or as `api_key`.",
    ),
    example="""\
curl --max-time 10 "{url}api/1/deployments/ORG/DEPLOYMENT/register_deploy" \\
  -H "Authorization: Bearer $WAKE_SECRET" -H "Content-Type: application/json" \\
  -d "{\\"sha\\": \\"$(git rev-parse HEAD)\\", \\"environment\\": \\"production\\"}" """,
)

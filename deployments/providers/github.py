"""GitHub's webhooks, as docs.github.com describes them: deployments, releases, pushes, pings."""

from collections.abc import Callable, Mapping
from typing import Any

from common.payloads import dig, line, moment, must, needed, part, payload_object, rows, web
from common.webhooks import GITHUB
from deployments.providers.base import Provider, Told, header, make_ship, only_branch
from deployments.providers.values import commits, person, version_in
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
_NOREPLY = "users.noreply.github.com"


def parse(told: Told) -> list[Ship]:
    """Return the ship that a delivery is about."""
    readers: dict[str, Callable[[Told], dict[str, Any]]] = {
        "deployment_status": _deployment_status,
        "deployment": _deployment,
        "release": _release,
        "push": _push,
    }
    if told.event == "ping":
        raise NotAShip("A ping: the webhook is set up. Nothing to record.")
    if told.event not in readers:
        known = "deployments, deployment statuses, releases and pushes are"
        raise NotAShip(f"The event “{told.event or 'none'}” is not read; {known}.")
    return [make_ship(told, readers[told.event](told))]


def _deployment_status(told: Told) -> dict[str, Any]:
    status = needed(told.body, "deployment_status")
    state = line(status.get("state"))
    if state not in _STATES:
        raise NotAShip(f"The state “{state[:50]}” is not one in the life of a ship.")
    finished = state in ("success", "failure", "error")
    return {
        **_of_deployment(told, status),
        "status": _STATES[state],
        "finished_at": moment(status.get("created_at")) if finished else None,
        "url": web(status.get("environment_url"), status.get("target_url"), _home(told.body)),
    }


def _deployment(told: Told) -> dict[str, Any]:
    return {**_of_deployment(told, {}), "status": "pending", "url": web(_home(told.body))}


def _of_deployment(told: Told, status: Mapping[str, Any]) -> dict[str, Any]:
    deployment = needed(told.body, "deployment")
    number = must(deployment.get("id"), "deployment.id")
    payload = payload_object(deployment.get("payload"))
    return {
        **payload,
        "id": f"github:{_repository(told.body)}:{number}",
        "sha": line(deployment.get("sha"), 64),
        "version": payload.get("version") or version_in(deployment.get("ref")),
        "environment": line(deployment.get("environment"), 100)
        or line(status.get("environment"), 100)
        or told.options.environment,
        "started_at": moment(deployment.get("created_at")),
        "title": payload.get("title") or line(deployment.get("description")),
        "author": payload.get("author") or person(deployment.get("creator"), host=_NOREPLY),
    }


def _release(told: Told) -> dict[str, Any]:
    release, action = needed(told.body, "release"), line(dig(told.body, "action"))
    if action not in ("published", "released"):
        raise NotAShip(f"A release was {action[:30] or 'touched'}; it ships when published.")
    if release.get("draft") or release.get("prerelease"):
        kind = "a draft" if release.get("draft") else "a pre-release"
        raise NotAShip(f"The release is {kind}; it ships when it is a full one.")
    notes = release.get("body")
    return {
        "id": f"github:{_repository(told.body)}:release:{line(release.get('id'), 100)}",
        "version": line(release.get("tag_name"), 200),
        "environment": told.options.environment,
        "title": line(release.get("name")),
        "notes": notes[:200_000] if isinstance(notes, str) else "",
        "finished_at": moment(release.get("published_at")),
        "url": web(release.get("html_url")),
        "author": person(release.get("author"), host=_NOREPLY),
    }


def _push(told: Told) -> dict[str, Any]:
    ref, after = line(dig(told.body, "ref")), line(dig(told.body, "after"), 64)
    if not told.options.branch:
        raise NotAShip("Pushes are read once a branch is chosen in the webhook's settings.")
    if not ref.startswith("refs/heads/"):
        raise NotAShip("A push of a tag; releases tell of versions.")
    only_branch(told, ref)
    if dig(told.body, "deleted") or not after.strip("0"):
        raise NotAShip("The branch was deleted.")
    head = part(told.body, "head_commit")
    return {
        "id": f"github:{_repository(told.body)}:push:{after}",
        "sha": after,
        "environment": told.options.environment,
        "title": line(str(head.get("message") or "").split("\n", 1)[0]),
        "url": web(dig(told.body, "compare"), head.get("url")),
        "commits": commits(rows(told.body, "commits")),
        # The push makes it live, not the commit, which may be days old.
        "finished_at": None,
        "author": person(head.get("author")),
    }


def _repository(body: Any) -> str:
    return line(dig(body, "repository", "id"), 50)


def _home(body: Any) -> str:
    return web(dig(body, "repository", "html_url"))


GITHUB_PROVIDER = Provider(
    name="github",
    label="GitHub",
    parse=parse,
    schemes=(GITHUB,),
    events=header("x-github-event"),
    delivery_id=header("x-github-delivery"),
    choices=("branch", "environment"),
    setup=(
        "In the repository (or organisation) open Settings, Webhooks, Add webhook.",
        "Payload URL: `{url}`. Content type: `application/json`. Secret: the webhook's secret.",
        "Choose individual events: Deployments and Deployment statuses. Repositories that do not "
        "use GitHub's deployments send Releases or Pushes instead; for pushes, choose the branch "
        "here.",
        "Save. GitHub sends a ping, which is listed under Deliveries as ignored.",
    ),
    example="""\
# A hypothesis can ride in the payload of a deployment that your workflow makes:
gh api "repos/$GITHUB_REPOSITORY/deployments" --input - <<'JSON'
{"ref": "v1.4.0", "environment": "production", "auto_merge": false, "required_contexts": [],
 "payload": {"hypothesis": {"metric": "checkout_conversion", "min_effect": "2%", "window": "7d"}}}
JSON""",
)

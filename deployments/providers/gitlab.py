"""GitLab's webhooks, as docs.gitlab.com describes them: deployments, releases, pipelines."""

from collections.abc import Callable, Mapping
from typing import Any

from common.payloads import dig, line, moment, must, needed, part, rows, web
from common.webhooks import GITLAB, STANDARD
from deployments.providers.base import STATUS_OF, Provider, Told, header, make_ship, only_branch
from deployments.providers.values import commit, person, sha_in, version_in
from deployments.ship import NotAShip, Ship

_STATES = {
    "created": "pending",
    "blocked": "pending",
    "approved": "pending",
    "running": "in_progress",
    "success": "succeeded",
    "failed": "failed",
    "rejected": "failed",
    "canceled": "failed",
}


def parse(told: Told) -> list[Ship]:
    """Return the ships that a delivery is about; a pipeline may deploy to several places."""
    readers: dict[str, Callable[[Told], list[dict[str, Any]]]] = {
        "deployment": _deployment,
        "release": _release,
        "pipeline": _pipeline,
        "push": _push,
    }
    # System hooks carry no object_kind, but an event_name.
    kind = line(dig(told.body, "object_kind")) or line(dig(told.body, "event_name"))
    if kind not in readers:
        known = "deployments, releases, pipelines and pushes are"
        raise NotAShip(f"The event “{kind[:50] or told.event or 'none'}” is not read; {known}.")
    return [make_ship(told, facts) for facts in readers[kind](told)]


def _deployment(told: Told) -> list[dict[str, Any]]:
    body = told.body
    state = line(body.get("status"))
    if state not in _STATES:
        raise NotAShip(f"The status “{state[:50]}” is not one in the life of a ship.")
    number = must(body.get("deployment_id"), "deployment_id")
    changed_at = moment(body.get("status_changed_at"))
    live = state in ("success", "failed", "rejected", "canceled")
    sha = sha_in(body.get("commit_url"), body.get("short_sha"))
    title = line(body.get("commit_title"))
    return [
        {
            "id": _job_id(body, body.get("deployable_id"), number),
            "sha": sha,
            "version": version_in(body.get("ref")),
            "environment": line(body.get("environment"), 100) or told.options.environment,
            "status": _STATES[state],
            "started_at": changed_at if not live else None,
            "finished_at": changed_at if live else None,
            "title": title,
            "url": web(body.get("deployable_url"), body.get("commit_url")),
            "author": _user(body.get("user")),
            "commits": [{"sha": sha, "message": title, "url": web(body.get("commit_url"))}]
            if sha and title
            else [],
        }
    ]


def _job_id(body: Mapping[str, Any], job: Any, deployment: Any = None) -> str:
    """The job is what a deployment hook and a pipeline hook both know of one ship."""
    number = f"job:{line(job, 50)}" if line(job) else f"deployment:{line(deployment, 50)}"
    return f"gitlab:{_project(body)}:{number}"


def _project(body: Any) -> str:
    return line(dig(body, "project", "id"), 50)


def _user(user: Any) -> dict[str, str] | None:
    # GitLab hides addresses as "[REDACTED]".
    return person(user, host="users.noreply.gitlab.com")


def _release(told: Told) -> list[dict[str, Any]]:
    body, action = told.body, line(dig(told.body, "action"))
    if action == "delete":
        raise NotAShip("A release was deleted; what it shipped stays.")
    notes = body.get("description")
    return [
        {
            "id": f"gitlab:{_project(body)}:release:{line(body.get('id'), 50)}",
            "version": line(body.get("tag"), 200),
            "sha": line(dig(body, "commit", "id"), 64),
            "environment": told.options.environment,
            "title": line(body.get("name")),
            "notes": notes[:200_000] if isinstance(notes, str) else "",
            "finished_at": moment(body.get("released_at")) or moment(body.get("created_at")),
            "url": web(body.get("url")),
            "commits": [one] if (one := commit(body.get("commit"))) else [],
        }
    ]


def _pipeline(told: Told) -> list[dict[str, Any]]:
    pipeline, found = needed(told.body, "object_attributes"), []
    for job in rows(told.body, "builds"):
        place = part(job, "environment")
        if not line(place.get("name")) or line(place.get("action")) not in ("", "start"):
            continue
        status = STATUS_OF.get(line(job.get("status")).lower())
        # A manual job that nobody has started, or one that was skipped, ships nothing.
        if status is None or line(job.get("status")) in ("manual", "skipped"):
            continue
        found.append(_job(told, pipeline, job, place, status))
    if not found:
        raise NotAShip("No job of the pipeline deploys to an environment, or none has begun.")
    return found


def _job(
    told: Told,
    pipeline: Mapping[str, Any],
    job: Mapping[str, Any],
    place: Mapping[str, Any],
    status: str,
) -> dict[str, Any]:
    only_branch(told, pipeline.get("ref")) if not pipeline.get("tag") else None
    head = commit(dig(told.body, "commit"))
    done = status in ("succeeded", "failed")
    return {
        "id": _job_id(told.body, job.get("id")),
        "sha": line(pipeline.get("sha"), 64),
        "version": version_in(pipeline.get("ref")) if pipeline.get("tag") else "",
        "environment": line(place.get("name"), 100),
        "status": status,
        "started_at": moment(job.get("started_at")),
        "finished_at": moment(job.get("finished_at")) if done else None,
        "title": line(dig(told.body, "commit", "title")),
        "url": web(pipeline.get("url"), dig(told.body, "commit", "url")),
        "author": _user(job.get("user")) or _user(dig(told.body, "user")),
        "commits": [head] if head else [],
    }


def _push(told: Told) -> list[dict[str, Any]]:
    body = told.body
    ref, after = line(body.get("ref")), line(body.get("after"), 64)
    if not told.options.branch:
        raise NotAShip("Pushes are read once a branch is chosen in the webhook's settings.")
    if not ref.startswith("refs/heads/"):
        raise NotAShip("A push of a tag; releases tell of versions.")
    only_branch(told, ref)
    if not after.strip("0"):
        raise NotAShip("The branch was deleted.")
    read = [one for row in rows(body, "commits")[:1000] if (one := commit(row))]
    last = read[-1]["message"] if read else ""
    return [
        {
            "id": f"gitlab:{_project(body)}:push:{after}",
            "sha": after,
            "environment": told.options.environment,
            "title": line(last.split("\n", 1)[0]),
            "url": web(dig(body, "project", "web_url")),
            "commits": read,
            "author": person({"name": body.get("user_name"), "email": body.get("user_email")}),
        }
    ]


GITLAB_PROVIDER = Provider(
    name="gitlab",
    label="GitLab",
    parse=parse,
    schemes=(STANDARD, GITLAB),
    events=header("x-gitlab-event"),
    # A retry repeats the idempotency key; older versions send only the event's UUID.
    delivery_id=header("idempotency-key", "webhook-id", "x-gitlab-event-uuid"),
    choices=("branch", "environment"),
    setup=(
        "In the project (or group) open Settings, Webhooks, Add new webhook.",
        "URL: `{url}`. Secret token: the webhook's secret (or as signing token, where your GitLab "
        "has one).",
        "Trigger: Deployment events. Projects without environments tick Releases events instead.",
        "Save, then Test, and look under Deliveries.",
    ),
    example="""\
# The same with the API; needs a token with the scope api:
curl --request POST "$GITLAB/api/v4/projects/$PROJECT_ID/hooks" \\
  --header "PRIVATE-TOKEN: $GITLAB_TOKEN" \\
  --data-urlencode "url={url}" \\
  --data-urlencode "token=$WAKE_SECRET" \\
  --data "deployment_events=true&push_events=false"
""",
)

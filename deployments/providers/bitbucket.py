"""Bitbucket Cloud's webhooks: pushes to the chosen branch, and build statuses of deployments."""

from typing import Any

from common.payloads import dig, line, moment, must, needed, part, rows, web
from common.webhooks import BITBUCKET
from deployments.providers.base import Provider, Told, header, is_chosen, make_ship, read_status
from deployments.providers.values import commits, person, sha_in
from deployments.ship import NotAShip, Ship


def parse(told: Told) -> list[Ship]:
    """Return the ships that a delivery is about."""
    if told.event == "repo:push":
        return [make_ship(told, facts) for facts in _pushes(told)]
    if told.event in ("repo:commit_status_created", "repo:commit_status_updated"):
        return [make_ship(told, _build(told))]
    if told.event == "diagnostics:ping":
        raise NotAShip("A ping: the webhook is set up. Nothing to record.")
    known = "pushes and build statuses are"
    raise NotAShip(f"The event “{told.event[:50] or 'none'}” is not read; {known}.")


def _pushes(told: Told) -> list[dict[str, Any]]:
    if not told.options.branch:
        raise NotAShip("Pushes are read once a branch is chosen in the webhook's settings.")
    found = []
    for change in rows(needed(told.body, "push"), "changes"):
        new = part(change, "new")
        if line(new.get("type")) != "branch" or line(new.get("name")) != told.options.branch:
            continue
        head = part(new, "target")
        sha = must(head.get("hash"), "push.changes.new.target.hash", 64)
        message = head.get("message") if isinstance(head.get("message"), str) else ""
        found.append(
            {
                "id": f"bitbucket:{_repository(told.body)}:push:{sha}",
                "sha": sha,
                "environment": told.options.environment,
                "title": line(str(message).split("\n", 1)[0]),
                "url": web(
                    dig(change, "links", "html", "href"), dig(head, "links", "html", "href")
                ),
                "commits": commits([_flat(row) for row in rows(change, "commits")]),
                "author": _author(head.get("author")),
            }
        )
    if not found:
        raise NotAShip(f"Nothing was pushed to {told.options.branch}.")
    return found


def _flat(row: Any) -> dict[str, Any]:
    return {
        "hash": dig(row, "hash"),
        "message": dig(row, "message"),
        "date": dig(row, "date"),
        "author": _author(dig(row, "author")),
        "url": dig(row, "links", "html", "href"),
    }


def _author(author: Any) -> dict[str, str] | None:
    # "raw" is as git has it: Ada <ada@example.com>.
    return person(dig(author, "raw") or dig(author, "user"))


def _build(told: Told) -> dict[str, Any]:
    build = needed(told.body, "commit_status")
    key, name = line(build.get("key"), 100), line(build.get("name"))
    if not is_chosen(told, name) and not is_chosen(told, key):
        raise NotAShip(
            f"The build “{name[:80] or key}” does not sound like a deployment; if it is one, name "
            "it in the webhook's settings."
        )
    status = read_status(build.get("state"), field="commit_status.state")
    sha = sha_in(
        dig(build, "commit", "hash"),
        str(dig(build, "links", "commit", "href") or "").partition("/statuses")[0],
    )
    done = status in ("succeeded", "failed")
    return {
        "id": f"bitbucket:{_repository(told.body)}:build:{key}:{sha}"[:200],
        "sha": must(sha, "commit_status.commit.hash"),
        "environment": told.options.environment,
        "status": status,
        "started_at": moment(build.get("created_on")),
        "finished_at": moment(build.get("updated_on")) if done else None,
        "title": line(build.get("description")) or name,
        "url": web(build.get("url")),
        "author": _author(dig(build, "commit", "author")) or person(dig(told.body, "actor")),
    }


def _repository(body: Any) -> str:
    return line(dig(body, "repository", "uuid"), 50) or line(
        dig(body, "repository", "full_name"), 80
    )


BITBUCKET_PROVIDER = Provider(
    name="bitbucket",
    label="Bitbucket",
    parse=parse,
    schemes=(BITBUCKET,),
    events=header("x-event-key"),
    delivery_id=header("x-request-uuid"),
    choices=("branch", "names", "environment"),
    names_are="builds",
    setup=(
        "In the repository open Repository settings, Webhooks, Add webhook.",
        "URL: `{url}`. Secret: the webhook's secret.",
        "Triggers: Build status created and Build status updated, for builds that deploy; or "
        "Push, for a branch that deploys itself. Bitbucket has no webhook for its deployments.",
        "Here, choose the branch, or name the builds that deploy (without names, those called "
        "deploy, release or publish).",
    ),
    example="""\
# Or tell Wake from the pipeline itself (bitbucket-pipelines.yml, after the step that deploys):
- step:
    name: Tell Wake
    deployment: production
    script:
      - |
        curl --max-time 10 "$WAKE_URL/api/v1/deployments/" \\
          -H "Authorization: Bearer $WAKE_API_KEY" -H "Content-Type: application/json" \\
          -d "{\\"sha\\": \\"$BITBUCKET_COMMIT\\", \\"environment\\": \\
          \\"$BITBUCKET_DEPLOYMENT_ENVIRONMENT\\"}" || true""",
)

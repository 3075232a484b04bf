"""Deployment calls as one sends them to Apache DevLake's webhook plugin."""

from typing import Any

from common.payloads import dig, line, moment, must, rows, web
from deployments.providers.base import Provider, Told, in_body, make_ship, read_status
from deployments.providers.values import version_in
from deployments.ship import Ship


def parse(told: Told) -> list[Ship]:
    """Return the ship that a deployment call tells of."""
    body = told.body
    number = must(dig(body, "id") or dig(body, "pipeline_id"), "id", 150)
    found = rows(body, "deploymentCommits") or rows(body, "deployment_commits") or [body]
    first = found[0]
    status = read_status(dig(body, "result") or "SUCCESS", field="result")
    sha = line(_either(first, "commitSha", "commit_sha"), 64)
    tag = version_in(_either(first, "refName", "ref_name"))
    return [
        make_ship(
            told,
            {
                "id": f"devlake:{number}",
                "sha": sha,
                "version": tag or ("" if sha else number),
                "environment": line(body.get("environment"), 100) or told.options.environment,
                "status": status,
                "started_at": moment(_either(body, "startedDate", "started_date"))
                or moment(_either(body, "createdDate", "create_time")),
                "finished_at": moment(_either(body, "finishedDate", "end_time")),
                "title": line(body.get("displayTitle")) or line(body.get("name")),
                "url": web(body.get("url"), _either(first, "repoUrl", "repo_url")),
                "commits": _commits(found),
            },
        )
    ]


def _either(body: Any, new: str, old: str) -> Any:
    """Read a field by its name of today, or by the one that older versions have."""
    return dig(body, new) if dig(body, new) is not None else dig(body, old)


def _commits(found: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "sha": sha,
            "message": line(_either(row, "commitMsg", "commit_msg"), 5_000)
            or line(dig(row, "displayTitle")),
        }
        for row in found[:1000]
        if (sha := line(_either(row, "commitSha", "commit_sha"), 100))
    ]


DEVLAKE = Provider(
    name="devlake",
    label="DevLake-style calls",
    parse=parse,
    events=lambda headers, body: "deployment",
    # The same id is sent again when its deployment goes on, so it does not name a delivery.
    delivery_id=lambda headers, body: " ".join(
        filter(None, [in_body("id")(headers, body), in_body("result")(headers, body)])
    ),
    choices=("environment",),
    setup=(
        "Wherever you call DevLake's webhook `.../deployments`, send the same call to `{url}`.",
        "The webhook's secret is the bearer token.",
    ),
    example="""\
curl --max-time 10 "{url}" \\
  -H "Authorization: Bearer $WAKE_SECRET" -H "Content-Type: application/json" \\
  -d "{\\"id\\": \\"$CI_JOB_ID\\", \\"startedDate\\": \\"$STARTED\\",
       \\"finishedDate\\": \\"$FINISHED\\", \\"result\\": \\"SUCCESS\\",
       \\"environment\\": \\"PRODUCTION\\",
       \\"deploymentCommits\\": [{\\"repoUrl\\": \\"$REPO\\", \\"commitSha\\": \\"$SHA\\"}]}" """,
)

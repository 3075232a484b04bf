"""CircleCI's outbound webhooks: workflows and jobs that completed."""

from typing import Any

from common.payloads import dig, line, moment, must, needed, part, web
from common.webhooks import CIRCLECI
from deployments.providers.base import (
    Provider,
    Told,
    in_body,
    is_chosen,
    make_ship,
    only_branch,
    read_status,
)
from deployments.providers.values import person, version_in
from deployments.ship import NotAShip, Ship


def parse(told: Told) -> list[Ship]:
    """Return the ship that a workflow or job was."""
    kind = line(dig(told.body, "type"))
    if kind == "ping":
        raise NotAShip("A ping: the webhook is set up. Nothing to record.")
    if kind not in ("workflow-completed", "job-completed"):
        raise NotAShip(f"The event “{kind[:50] or 'none'}” is not read; completed ones are.")
    what = kind.partition("-")[0]
    run = needed(told.body, what)
    name = line(run.get("name"), 100)
    if not is_chosen(told, name):
        raise NotAShip(
            f"The {what} “{name}” does not sound like a deployment; if it is one, name it in the "
            "webhook's settings."
        )
    vcs = part(told.body, "pipeline", "vcs")
    if not line(vcs.get("tag")):
        only_branch(told, vcs.get("branch"))
    return [make_ship(told, _facts(told, what, run, vcs))]


def _facts(told: Told, what: str, run: Any, vcs: Any) -> dict[str, Any]:
    change, sha = part(vcs, "commit"), line(vcs.get("revision"), 64)
    message = f"{line(change.get('subject'))}\n\n{change.get('body') or ''}".strip()
    return {
        "id": f"circleci:{what}:{must(run.get('id'), f'{what}.id', 100)}",
        "sha": sha,
        "version": version_in(vcs.get("tag")) or ("" if sha else line(run.get("name"))),
        "environment": told.options.environment,
        "service": "",
        "status": read_status(run.get("status"), field=f"{what}.status"),
        "started_at": moment(run.get("started_at")) or moment(run.get("created_at")),
        "finished_at": moment(run.get("stopped_at")) or moment(dig(told.body, "happened_at")),
        "title": line(change.get("subject")),
        "url": web(run.get("url"), dig(told.body, "workflow", "url")),
        "author": person(change.get("author")),
        "commits": [{"sha": sha, "message": message, "author": person(change.get("author"))}]
        if sha and change
        else [],
    }


CIRCLECI_PROVIDER = Provider(
    name="circleci",
    label="CircleCI",
    parse=parse,
    schemes=(CIRCLECI,),
    events=in_body("type"),
    delivery_id=in_body("id"),
    choices=("branch", "names", "environment"),
    names_are="workflows or jobs",
    setup=(
        "In Project settings open Webhooks, Add webhook.",
        "Receiver URL: `{url}`. Secret token: the webhook's secret. Event: Workflow Completed (or "
        "Job Completed, where one workflow deploys to several places).",
        "Here, choose the branch that deploys, and name the workflows or jobs that do (without "
        "names, those called deploy, release or publish).",
    ),
)

"""Argo CD notifications: the template that docs/providers.md gives, or an Application as JSON."""

from collections.abc import Mapping
from typing import Any

from common.payloads import dig, line, moment, must, part, rows, web
from deployments.providers.base import Provider, Told, make_ship, read_status
from deployments.providers.values import purl, sha_in
from deployments.ship import NotAShip, Ship


def parse(told: Told) -> list[Ship]:
    """Return the ship that a notification is about."""
    facts = _facts(told.body)
    phase = line(facts.get("phase"))
    if phase in ("", "Unknown"):
        raise NotAShip("No sync operation is in the notification, so nothing was shipped.")
    status = read_status(phase, field="phase")
    if status == "succeeded" and line(facts.get("health")) in ("Degraded", "Missing"):
        status = "failed"
    revision = line(facts.get("revision"), 200)
    version = line(facts.get("version"), 200) or _image_version(facts.get("images"))
    sha = sha_in(revision)
    name = must(facts.get("app"), "app")
    finished_at = moment(facts.get("finished_at"))
    # One sync is one ship: a trigger may fire for it more than once.
    began = line(facts.get("started_at"), 40)
    return [
        make_ship(
            told,
            {
                "id": f"argocd:{name}:{began}:{revision}"[:200] if began else "",
                "sha": sha,
                "version": version or ("" if sha else must(revision, "revision")),
                "environment": line(facts.get("environment"), 100) or told.options.environment,
                "service": name[:100],
                "status": status,
                "started_at": moment(facts.get("started_at")),
                "finished_at": finished_at if status in ("succeeded", "failed") else None,
                "title": line(facts.get("message")) if status == "failed" else "",
                "url": web(facts.get("url")),
                "author": line(facts.get("author"), 150) or None,
            },
        )
    ]


def _facts(body: Any) -> Mapping[str, Any]:
    """Return the template's fields, read out of an Application where that is what was sent."""
    app = body if part(body, "metadata") else part(body, "app")
    if not part(app, "metadata"):
        return body if isinstance(body, Mapping) else {}
    operation = part(app, "status", "operationState")
    labels = part(app, "metadata", "labels")
    return {
        "app": dig(app, "metadata", "name"),
        "phase": operation.get("phase"),
        "health": dig(app, "status", "health", "status"),
        "revision": dig(operation, "syncResult", "revision")
        or dig(app, "status", "sync", "revision"),
        "images": rows(app, "status", "summary", "images"),
        "started_at": operation.get("startedAt"),
        "finished_at": operation.get("finishedAt"),
        "message": operation.get("message"),
        "environment": labels.get("environment") or labels.get("env"),
        "author": dig(operation, "operation", "initiatedBy", "username"),
        "url": dig(body, "url"),
    }


def _image_version(images: Any) -> str:
    """Return the tag that the images have in common, or that of the only one."""
    if isinstance(images, str):
        images = images.strip("[]").replace(",", " ").split()
    tags = {_tag(line(image, 500)) for image in (images if isinstance(images, list) else [])}
    tags.discard("")
    return tags.pop()[:200] if len(tags) == 1 else ""


def _tag(image: str) -> str:
    if image.startswith("pkg:"):
        return purl(image)[1]
    last = image.partition("@")[0].rpartition("/")[2]
    return last.partition(":")[2]


def _identity(_headers: Mapping[str, str], body: Any) -> str:
    facts = _facts(body)
    began, app = line(facts.get("started_at"), 40), line(facts.get("app"), 80)
    state = line(facts.get("phase"), 20) + line(facts.get("health"), 20)
    return f"{app} {began} {state}" if began and app else ""


def _kind(_headers: Mapping[str, str], body: Any) -> str:
    facts = _facts(body)
    return line(f"{line(facts.get('phase'), 40)} {line(facts.get('health'), 40)}", 100)


ARGOCD = Provider(
    name="argocd",
    label="Argo CD",
    parse=parse,
    events=_kind,
    delivery_id=_identity,
    choices=("environment",),
    setup=(
        "Add the webhook's secret to `argocd-notifications-secret` as `wake-secret`.",
        "Add this to `argocd-notifications-cm`, and subscribe your applications with the "
        'annotation `notifications.argoproj.io/subscribe.wake.wake: ""`.',
        "The application's label `environment` says where it ships; without it, the environment "
        "set here does.",
    ),
    example="""\
service.webhook.wake: |
  url: {url}
  headers:
    - name: Authorization
      value: Bearer $wake-secret
    - name: Content-Type
      value: application/json
template.wake: |
  webhook:
    wake:
      method: POST
      body: |
        {"app": "{{.app.metadata.name}}",
         "phase": "{{.app.status.operationState.phase}}",
         "health": "{{.app.status.health.status}}",
         "revision": "{{.app.status.operationState.syncResult.revision}}",
         "started_at": "{{.app.status.operationState.startedAt}}",
         "finished_at": "{{.app.status.operationState.finishedAt}}",
         "images": {{toJson .app.status.summary.images}},
         "environment": "{{index .app.metadata.labels "environment"}}",
         "url": "{{.context.argocdUrl}}/applications/{{.app.metadata.name}}"}
trigger.wake: |
  - when: app.status.operationState.phase in ['Succeeded', 'Failed', 'Error']
    oncePer: app.status.operationState.startedAt
    send: [wake]""",
)

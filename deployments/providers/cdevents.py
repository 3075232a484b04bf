"""CDEvents (cdevents.dev): service events, bare or in CloudEvents of any HTTP mode."""

import re
from collections.abc import Mapping
from typing import Any

from common.payloads import dig, line, moment, must, needed, part, payload_object, rows, web
from deployments.providers.base import Provider, Told, make_ship
from deployments.providers.values import purl, sha_in
from deployments.ship import NotAShip, Ship

_TYPE = re.compile(r"^dev\.cdevents\.([a-z]+)\.([a-z]+)")
# A service that is rolled back runs an older version from then on: that version ships again.
_LIVE = ("deployed", "upgraded", "rolledback", "published")


def parse(told: Told) -> list[Ship]:
    """Return the ship that one event is about."""
    event = _event(told.body, told.headers)
    context = needed(event, "context")
    kind = must(context.get("type"), "context.type")
    found = _TYPE.match(kind)
    if found is None or found[1] != "service":
        raise NotAShip(f"“{kind[:80]}” is not about a service; service events are read.")
    if found[2] not in _LIVE:
        raise NotAShip(f"The service was {found[2]}; nothing went live.")
    subject = needed(event, "subject")
    name, version = purl(dig(subject, "content", "artifactId"))
    custom = _custom(event)
    version = line(custom.get("version"), 200) or version
    sha = sha_in(custom.get("sha"), dig(custom, "git", "commit_sha"))
    if not version and not sha and found[2] == "published":
        raise NotAShip("The event names no artifact, so it tells of no new version.")
    ship = make_ship(
        told,
        {
            **{key: value for key, value in custom.items() if key in _CUSTOM},
            "version": version or None if sha else must(version, "subject.content.artifactId"),
            "sha": sha,
            "environment": line(dig(subject, "content", "environment", "id"), 100)
            or line(dig(subject, "content", "environment", "name"), 100)
            or told.options.environment,
            "service": line(custom.get("service"), 100) or name[:100] or _name(subject),
            "finished_at": moment(context.get("timestamp")),
            "url": web(custom.get("url"), dig(subject, "content", "uri")),
        },
    )
    return [ship]


# What of customData is read as in Wake's own call.
_CUSTOM = ("title", "notes", "author", "shippers", "commits", "pull_requests", "areas", "fixes",
           "tags", "hypothesis", "started_at")  # fmt: skip


def _custom(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return payload_object(event.get("customData"))


def _name(subject: Mapping[str, Any]) -> str:
    return line(subject.get("id"), 100).rpartition("/")[2]


def _event(body: Any, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the CDEvent, whatever it is wrapped in.

    In binary mode the CloudEvent's attributes are headers and the body is the CDEvent; in
    structured mode both are JSON and the CDEvent is `data`.
    """
    if isinstance(body, Mapping) and "specversion" in body and "context" not in body:
        data = payload_object(body.get("data"))
        outer = {"id": body.get("id"), "source": body.get("source"), "type": body.get("type")}
        return _completed(data, {**outer, "timestamp": body.get("time")})
    if "ce-type" in headers and isinstance(body, Mapping):
        outer = {"id": headers.get("ce-id"), "source": headers.get("ce-source")}
        outer |= {"type": headers["ce-type"], "timestamp": headers.get("ce-time")}
        return _completed(body, outer)
    return body if isinstance(body, Mapping) else {}


def _completed(data: Mapping[str, Any], outer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let the envelope say what the CDEvent's own context does not."""
    context = {**{k: v for k, v in outer.items() if v}, **part(data, "context")}
    return {**data, "context": context}


def _kind(headers: Mapping[str, str], body: Any) -> str:
    if isinstance(body, list):
        return "batch"
    return line(dig(_event(body, headers), "context", "type"), 100)


def _identity(headers: Mapping[str, str], body: Any) -> str:
    context = part(_event(body, headers), "context")
    source, number = line(context.get("source"), 80), line(context.get("id"), 60)
    return f"{number} {line(context.get('type'), 50)} {source}" if source and number else ""


CDEVENTS = Provider(
    name="cdevents",
    label="CDEvents",
    parse=parse,
    events=_kind,
    delivery_id=_identity,
    parts=lambda body: rows({"events": body}, "events") if isinstance(body, list) else [body],
    choices=("environment",),
    setup=(
        "Send `service.deployed`, `service.upgraded`, `service.rolledback` and "
        "`service.published` to `{url}`: the CDEvent alone, or in a CloudEvent in structured "
        "(`application/cloudevents+json`), batched (`application/cloudevents-batch+json`) or "
        "binary mode (`ce-` headers).",
        "Prove who sends: `Authorization: Bearer` and the webhook's secret, or sign by Standard "
        "Webhooks.",
        "`artifactId` is a package URL; its tag or version becomes the ship's version. "
        "`customData` may hold Wake's own fields, such as `hypothesis` and `commits`.",
    ),
    example="""\
curl --max-time 10 {url} \\
  -H "Authorization: Bearer $WAKE_SECRET" -H "Content-Type: application/json" \\
  -d '{"context": {"version": "0.4.1", "id": "42", "source": "/ci/shop",
        "type": "dev.cdevents.service.deployed.0.1.1", "timestamp": "2026-03-01T10:00:00Z"},
       "subject": {"id": "shop", "type": "service",
        "content": {"environment": {"id": "production"}, "artifactId": "pkg:oci/shop@1.4.0"}}}'""",
)

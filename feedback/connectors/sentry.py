"""What people write in Sentry's feedback widget and crash reports (docs.sentry.io).

Both are asked for: the widget's feedback are issues of a category of their own, and crash reports
are in an older list, which Sentry goes on to fill for old SDKs.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.payloads import dig, line, moment, part, rows, web
from common.places import AskedToWait, ConnectionFault, Setting
from common.rest import Said, Site, many, segment, web_address
from common.webhooks import SENTRY as SENTRY_SIGNS
from feedback.connectors.base import (
    HOOK_SECRET,
    Asked,
    Connector,
    Gathered,
    Heard,
    NotFeedback,
    Row,
    patient,
)
from feedback.connectors.html import tidy
from feedback.connectors.paging import Descent, moment_of
from feedback.connectors.words import person, said

PUBLIC = "https://sentry.io"
PAGE = 25  # each needs a second call, to learn the release
# Sentry takes a moment until what came in is found.
_OVERLAP = timedelta(minutes=10)
_NEXT = re.compile(r'<[^<>]*>;\s*rel="next";\s*results="true";\s*cursor="([^"]{1,200})"')
_MENDS = {
    401: "The token is not accepted: make a new one, and enter it.",
    403: "Give the token the scopes event:read and project:read.",
    404: "Check the organisation’s and the project’s short names.",
}


def _gather(asked: Asked) -> Gathered:
    site = _site(asked)
    turn = "reports" if asked.cursor.get("turn") == "reports" else "widget"
    way = Descent.resumed(asked.cursor.get(turn), asked.since, asked.now)
    org, project = (segment(_slug(asked.options, name)) for name in ("organization", "project"))
    path = f"/api/0/projects/{org}/{project}/user-feedback/"
    query: dict[str, Any] = {"per_page": PAGE}
    if turn == "widget":
        path = f"/api/0/projects/{org}/{project}/issues/"
        query |= {"query": "issue.category:feedback", "sort": "new", "statsPeriod": ""}
    answer = site.get(path, {**query, "cursor": way.place}, now=asked.now)
    items = many(answer, site)
    name = "firstSeen" if turn == "widget" else "dateCreated"
    times = [moment_of(item.get(name), asked.now) for item in items]
    found = []
    for item, time in zip(items, times, strict=True):
        read = _widget if turn == "widget" else _report
        row = read(item, asked.options) if _is_new(time, way) else None
        if row:
            found.append(_with_release(row, site, item, org, project, asked))
    way = way.after(times, _next(answer), overlap=_OVERLAP)
    turns = {turn: way.kept(), "turn": turn if not way.is_over else "reports"}
    is_last = way.is_over and turn == "reports"
    cursor = {**asked.cursor, **turns, **({"turn": "widget"} if is_last else {})}
    return Gathered(found, cursor, not is_last, answer.rest(asked.now))


def _is_new(time: Any, way: Descent) -> bool:
    return time is None or time >= way.floor


def _next(answer: Said) -> str | None:
    found = _NEXT.search(answer.headers.get("link", "")[:5000])
    return found[1] if found else None


def _site(asked: Asked) -> Site:
    headers = {"Authorization": f"Bearer {asked.secrets.get('token', '')}"}
    base = web_address(asked.options, "base_url", PUBLIC)
    return Site("Sentry", base, headers, asked.private_hosts, _MENDS)


def _host(options: Mapping[str, Any]) -> str:
    return web_address(options, "base_url", PUBLIC).partition("://")[2].lower()


def _slug(options: Mapping[str, Any], name: str) -> str:
    slug = line(options.get(name), 100)
    if not re.fullmatch(r"[\w-]+", slug):
        raise ConnectionFault(f"“{slug}” is no {name}.", "Enter its short name, as in addresses.")
    return slug


def _with_release(
    row: Row, site: Site, item: Mapping[str, Any], org: str, project: str, asked: Asked
) -> Row:
    """Return the row with the release that its event is of; without one if that is not told."""
    event = line(item.get("eventID") or dig(item, "event", "eventID"), 64)
    if event:
        path = f"/api/0/projects/{org}/{project}/events/{segment(event)}/"
    else:
        path = f"/api/0/issues/{segment(line(item.get('id'), 40))}/events/latest/"
    try:
        told = site.get(path, now=asked.now).data
    except AskedToWait:
        raise
    except ConnectionFault:
        return row  # the event may be gone long before what was said about it
    return {**row, **_facts_of_event(told)}


def _facts_of_event(event: Any) -> dict[str, Any]:
    tags = {line(dig(tag, "key"), 50): line(dig(tag, "value"), 250) for tag in rows(event, "tags")}
    tags |= {
        line(tag[0], 50): line(tag[1], 250)
        for tag in rows(event, "tags")
        if isinstance(tag, list) and len(tag) == 2
    }
    told = event.get("release") if isinstance(event, Mapping) else None
    release = line(dig(told, "version") or told, 250) or tags.get("release", "")
    facts = {
        # "shop-web@1.4.0" is version 1.4.0 of the package shop-web.
        "version": release.rpartition("@")[2][:100],
        "environment": tags.get("environment", "")[:100],
        "page": web(tags.get("url"), dig(event, "contexts", "feedback", "url")),
    }
    return {name: value for name, value in facts.items() if value}


def _widget(issue: Mapping[str, Any], options: Mapping[str, Any]) -> Row | None:
    number, facts = line(issue.get("id"), 40), part(issue, "metadata")
    text = said(tidy(facts.get("message") or facts.get("value")))
    category = line(issue.get("issueCategory") or issue.get("category") or issue.get("issueType"))
    if not number or not text or category not in ("feedback", ""):
        return None
    mail = facts.get("contact_email")
    return {
        "id": f"{_host(options)}:issue:{number}",
        "text": text,
        "created_at": moment(issue.get("firstSeen")),
        "url": web(issue.get("permalink"), issue.get("web_url")),
        "customer": person("", facts.get("name"), mail),
    }


def _report(report: Mapping[str, Any], options: Mapping[str, Any]) -> Row | None:
    number, text = line(report.get("id"), 40), said(tidy(report.get("comments")))
    if not number or not text:
        return None
    user = part(report, "user")
    return {
        "id": f"{_host(options)}:report:{number}",
        "text": text,
        "created_at": moment(report.get("dateCreated")),
        "url": web(dig(report, "issue", "permalink")),
        "customer": person(
            "", report.get("name") or user.get("name"), report.get("email") or user.get("email")
        ),
    }


def _read(heard: Heard) -> list[Row]:
    body, action = heard.body, line(dig(heard.body, "action"), 50)
    issue = part(body, "data", "issue")
    if heard.event != "issue":
        told = heard.event[:50] or "none"
        raise NotFeedback(f"The resource “{told}” is not read; issues of feedback are.")
    if line(issue.get("issueCategory"), 50) != "feedback":
        raise NotFeedback("The issue is an error that Sentry found, not what somebody wrote.")
    if action != "created":
        raise NotFeedback(f"The feedback was {action or 'touched'}: nothing new was said.")
    row = _widget(issue, heard.options)
    if row is None:
        raise NotFeedback("The feedback is empty.")
    return [row]


SENTRY = Connector(
    name="sentry",
    label="Sentry user feedback",
    what="What people write in Sentry’s feedback widget and crash reports, with the release.",
    settings=(
        Setting("organization", "Organisation", "Its short name, as in Sentry’s addresses."),
        Setting("project", "Project", "Its short name, as in Sentry’s addresses."),
        Setting(
            "token",
            "Token",
            "In Sentry under Settings, Developer settings, an internal integration with the "
            "permissions Project: read and Issue & event: read (scopes project:read, event:read).",
            is_secret=True,
        ),
        Setting(
            "base_url",
            "Sentry’s address",
            "https://sentry.io, https://de.sentry.io for data in Europe, or your own.",
            is_required=False,
            is_address=True,
            default=PUBLIC,
        ),
        Setting(
            HOOK_SECRET,
            "Client secret of the integration",
            "Only for a webhook: it is on the internal integration’s page.",
            is_secret=True,
            is_sent=False,
            is_required=False,
        ),
    ),
    setup=(
        "In Sentry open Settings, Developer settings, Create new integration, Internal "
        "integration. Give it the permissions Project: read and Issue & event: read, and copy its "
        "token.",
        "To hear at once, enter `{url}` as its webhook URL, switch on the webhooks for issues, and "
        "enter its client secret here. The webhook tells no release; gathering adds it.",
    ),
    gather=patient(_gather),
    every=timedelta(minutes=15),
    read=_read,
    schemes=(SENTRY_SIGNS,),
    event=lambda headers, _body: headers.get("sentry-hook-resource", ""),
    call_id=lambda headers, _body: headers.get("request-id", ""),
)

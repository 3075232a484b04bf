"""Zendesk tickets: what customers asked first, and how they rated the help.

Asked by the incremental export with a cursor, and heard by webhook (developer.zendesk.com).
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.payloads import dig, line, moment, part, rows
from common.places import ConnectionFault, Setting
from common.rest import Site, basic, many, segment, web_address
from common.webhooks import ZENDESK as ZENDESK_SIGNS
from feedback.connectors.base import (
    HOOK_SECRET,
    Answer,
    Asked,
    Connector,
    Gathered,
    Heard,
    NotFeedback,
    Row,
    patient,
)
from feedback.connectors.html import tidy
from feedback.connectors.paging import moment_of
from feedback.connectors.words import person, said, version_of

PAGE = 100
# What changed within the last minute is not exported yet; asking for it is an error.
_TOO_NEW = timedelta(minutes=2)
_RATED = {"good": 5, "bad": 1}
_CREATED = "zen:event-type:ticket.created"
_MENDS = {
    401: "Check mail address and token, and that access by API token is switched on.",
    403: "The token’s owner must be an administrator to export tickets, or an agent to answer.",
    404: "Check Zendesk’s address.",
}


def _gather(asked: Asked) -> Gathered:
    site = _site(asked)
    query: dict[str, Any] = {"per_page": PAGE, "include": "users"}
    if place := line(asked.cursor.get("after"), 500):
        query["cursor"] = place
    else:
        query["start_time"] = int(min(asked.since, asked.now - _TOO_NEW).timestamp())
    answer = site.get("/api/v2/incremental/tickets/cursor.json", query, now=asked.now)
    tickets = many(answer, site, "tickets")
    users = {line(dig(user, "id"), 30): user for user in rows(answer.data, "users")}
    found = []
    for ticket in tickets:
        created = moment_of(ticket.get("created_at"), asked.now)
        row = _row(ticket, part(users, line(ticket.get("requester_id"), 30)), asked.options)
        if row and (created is None or created >= asked.since):
            found.append(row)
    after = line(dig(answer.data, "after_cursor"), 500) or place
    is_more = dig(answer.data, "end_of_stream") is False and after != place
    return Gathered(found, {"after": after}, is_more, answer.rest(asked.now))


def _site(given: Asked | Answer) -> Site:
    base = web_address(given.options, "base_url")
    if "." not in base.partition("://")[2].partition(":")[0]:
        base = f"https://{base.partition('://')[2]}.zendesk.com"
    who = basic(f"{line(given.options.get('user'), 254)}/token", given.secrets.get("token", ""))
    return Site("Zendesk", base, {"Authorization": who}, given.private_hosts, _MENDS)


def _row(
    ticket: Mapping[str, Any], requester: Mapping[str, Any], options: Mapping[str, Any]
) -> Row | None:
    number = line(ticket.get("id"), 30)
    if not number or ticket.get("status") == "deleted" or ticket.get("is_public") is False:
        return None
    rating = part(ticket, "satisfaction_rating")
    stars = _RATED.get(line(rating.get("score"), 20))
    remark = tidy(rating.get("comment")) if stars else ""
    title, body = line(ticket.get("subject"), 1000), tidy(ticket.get("description"))
    text = said(said(title, body), remark)
    if not text:
        return None
    site = _site_name(options)
    row: Row = {
        "id": f"{site}:ticket:{number}",
        "text": text,
        "created_at": moment(ticket.get("created_at")),
        "url": f"https://{site}/agent/tickets/{number}",
        "answer_to": {"ticket": number},
    }
    if known_by := line(ticket.get("requester_id"), 30):
        name, mail = requester.get("name"), requester.get("email")
        row["customer"] = person(f"{site}:{known_by}", name, mail)
    if stars:
        row |= {"rating": stars, "rating_max": 5}
    if version := _version(ticket, options):
        row["version"] = version
    return row


def _site_name(options: Mapping[str, Any]) -> str:
    name = web_address(options, "base_url").partition("://")[2].lower()
    return name if "." in name else f"{name}.zendesk.com"


def _version(ticket: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    field = line(options.get("version_field"), 30)
    for one in rows(ticket, "custom_fields"):
        if field and line(dig(one, "id"), 30) == field and dig(one, "value"):
            return line(dig(one, "value"), 100)
    # Tags have no dots: a version in one is written with underscores or not at all.
    return version_of(re.sub(r"(?<=\d)_(?=\d)", ".", line(t, 100)) for t in rows(ticket, "tags"))


def _read(heard: Heard) -> list[Row]:
    if heard.event != _CREATED:
        told = heard.event.removeprefix("zen:event-type:")[:50] or "none"
        raise NotFeedback(f"The event “{told}” is not read; ticket created is.")
    row = _row(part(heard.body, "detail"), {}, heard.options)
    if row is None:
        raise NotFeedback("The ticket is private, deleted or empty.")
    return [row]


def _answer(answer: Answer) -> str:
    number = line(answer.answer_to.get("ticket"), 30)
    body = {"ticket": {"comment": {"body": answer.text, "public": True}}}
    told = _site(answer).ask("PUT", f"/api/v2/tickets/{segment(number)}.json", body)
    if not isinstance(dig(told.data, "ticket"), Mapping):
        raise ConnectionFault("Zendesk did not say that it took the comment.", "Look there.")
    return line(dig(told.data, "audit", "id"), 50) or f"ticket {number}"


ZENDESK = Connector(
    name="zendesk",
    label="Zendesk",
    what="What customers wrote first in each ticket, and their rating of the help.",
    settings=(
        Setting(
            "base_url",
            "Zendesk’s address",
            "Such as https://example.zendesk.com, or the first word of it.",
            is_address=True,
        ),
        Setting("user", "Mail address", "Of an administrator, in whose name Wake asks."),
        Setting(
            "token",
            "API token",
            "In Zendesk’s Admin Center under Apps and integrations, APIs, API tokens. It may do "
            "what the administrator may: there are no scopes.",
            is_secret=True,
        ),
        Setting(
            "version_field",
            "Field with the version",
            "The number of a ticket field in which customers say their version, if there is one.",
            is_required=False,
        ),
        Setting(
            HOOK_SECRET,
            "Signing secret of a webhook",
            "Only for a webhook: Zendesk shows it on the webhook’s page under Reveal secret.",
            is_secret=True,
            is_sent=False,
            is_required=False,
        ),
    ),
    setup=(
        "Gathering needs no more than the settings here. To hear at once, connect it first, and "
        "then add a webhook: the source’s page says how.",
        "In the Admin Center open Apps and integrations, Webhooks, Create webhook. Choose Zendesk "
        "events, and of them Ticket created. Endpoint URL: `{url}`. Request method: POST. Request "
        "format: JSON. Then reveal the webhook’s signing secret, and enter it here.",
    ),
    gather=patient(_gather),
    read=_read,
    schemes=(ZENDESK_SIGNS,),
    event=lambda _headers, body: line(dig(body, "type"), 100),
    call_id=lambda _headers, body: line(dig(body, "id"), 200),
    answer=_answer,
)

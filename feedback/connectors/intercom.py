"""Intercom conversations that customers began, by search and by webhook.

As developers.intercom.com describes them.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.payloads import dig, line, moment, part, rows, web
from common.places import ConnectionFault, Setting
from common.rest import Site, many, segment, web_address
from common.values import read_number
from common.webhooks import INTERCOM as INTERCOM_SIGNS
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
from feedback.connectors.html import html_to_text
from feedback.connectors.paging import moment_of
from feedback.connectors.words import person, said

PUBLIC_API = "https://api.intercom.io"
API_VERSION = "2.11"
PAGE = 50
_CUSTOMERS = ("user", "lead", "contact")
# Searches lag behind by some seconds: each begins a little before the last one ended.
_OVERLAP = timedelta(minutes=5)
_MENDS = {
    401: "The token is not accepted: copy it again from the Developer Hub.",
    403: "Give the app the permission to read conversations (write too, to answer).",
    404: "Check the region in the API address.",
}


def _gather(asked: Asked) -> Gathered:
    site, kept = _site(asked), asked.cursor
    start = moment_of(kept.get("since"), asked.now) or asked.since
    # The search looks at a stretch of time that is over: what changes meanwhile leaves it, and is
    # in the next one.
    end = moment_of(kept.get("until"), asked.now) or asked.now
    place = line(kept.get("after"), 500) or None
    answer = site.ask(
        "POST",
        "/conversations/search",
        {
            "query": {
                "operator": "AND",
                "value": [
                    {"field": "updated_at", "operator": ">", "value": int(start.timestamp()) - 1},
                    {"field": "updated_at", "operator": "<", "value": int(end.timestamp()) + 1},
                ],
            },
            "pagination": {"per_page": PAGE, **({"starting_after": place} if place else {})},
        },
        now=asked.now,
    )
    found = []
    for conversation in many(answer, site, "conversations"):
        created = moment_of(conversation.get("created_at"), asked.now)
        row = _first(conversation, asked.options)
        if row and (created is None or created >= asked.since):
            found.append(row)
    after = line(dig(answer.data, "pages", "next", "starting_after"), 500)
    is_more = bool(after) and after != place
    if is_more:
        cursor = {"since": start.isoformat(), "until": end.isoformat(), "after": after}
    else:
        cursor = {"since": max(asked.since, end - _OVERLAP).isoformat()}
    return Gathered(found, cursor, is_more, answer.rest(asked.now))


def _site(given: Asked | Answer) -> Site:
    headers = {
        "Authorization": f"Bearer {given.secrets.get('token', '')}",
        "Intercom-Version": API_VERSION,
    }
    base = web_address(given.options, "base_url", PUBLIC_API)
    return Site("Intercom", base, headers, given.private_hosts, _MENDS)


def _read(heard: Heard) -> list[Row]:
    conversation = part(heard.body, "data", "item")
    if heard.event == "ping":
        raise NotFeedback("A ping: the webhook is set up. Nothing to record.")
    if heard.event == "conversation.user.created":
        found = [_first(conversation, heard.options)]
    elif heard.event == "conversation.user.replied":
        found = _replies(conversation, heard.options)
    elif heard.event == "conversation.rating.added":
        found = [_first(conversation, heard.options)]
    else:
        told = heard.event[:50] or "none"
        raise NotFeedback(f"The topic “{told}” is not read; what customers write and rate is.")
    told_of = [row for row in found if row]
    if not told_of:
        raise NotFeedback("It was not begun by a customer, or is empty.")
    return told_of


def _first(conversation: Mapping[str, Any], options: Mapping[str, Any]) -> Row | None:
    # The API says `source`; webhooks of its old versions say `conversation_message`.
    first = part(conversation, "source") or part(conversation, "conversation_message")
    author = {**part(conversation, "user"), **_filled(part(first, "author"))}
    number = line(conversation.get("id"), 40)
    rating = part(conversation, "conversation_rating") or part(conversation, "rating")
    stars = _stars(rating.get("rating"))
    remark = html_to_text(rating.get("remark")) if stars else ""
    title = html_to_text(conversation.get("title") or first.get("subject"))
    text = said(said(title, html_to_text(first.get("body"))), remark)
    if not number or author.get("type") not in _CUSTOMERS or not (text or stars):
        return None
    row = _row(conversation, f"conversation:{number}", text, author, options)
    row["created_at"] = moment(conversation.get("created_at"))
    if stars:
        row |= {"rating": stars, "rating_max": 5}
    return row


def _filled(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value not in ("", None)}


def _stars(value: Any) -> float | None:
    try:
        stars = read_number(value, field="rating")
    except ValueError:
        return None
    return stars if stars and 1 <= stars <= 5 else None


def _replies(conversation: Mapping[str, Any], options: Mapping[str, Any]) -> list[Row | None]:
    found: list[Row | None] = []
    for one in rows(conversation, "conversation_parts", "conversation_parts"):
        author, number = part(one, "author"), line(dig(one, "id"), 40)
        text = said(html_to_text(dig(one, "body")))
        if number and text and author.get("type") in _CUSTOMERS:
            row = _row(conversation, f"part:{number}", text, author, options)
            found.append({**row, "created_at": moment(dig(one, "created_at"))})
    return found


def _row(
    conversation: Mapping[str, Any],
    known_as: str,
    text: str,
    author: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Row:
    number = line(conversation.get("id"), 40)
    row: Row = {"id": known_as, "text": text, "answer_to": {"conversation": number}}
    if url := web(dig(conversation, "links", "conversation_web")):
        row["url"] = url
    if known_by := line(author.get("id"), 60):
        row["customer"] = person(f"intercom:{known_by}", author.get("name"), author.get("email"))
    wanted = line(options.get("version_attribute"), 200)
    if wanted and (version := line(dig(conversation, "custom_attributes", wanted), 100)):
        row["version"] = version
    return row


def _answer(answer: Answer) -> str:
    admin = line(answer.options.get("admin_id"), 40)
    if not admin:
        raise ConnectionFault("Intercom wants to know who answers.", "Enter a teammate’s number.")
    number = line(answer.answer_to.get("conversation"), 40)
    body = {"message_type": "comment", "type": "admin", "admin_id": admin, "body": answer.text}
    told = _site(answer).ask("POST", f"/conversations/{segment(number)}/reply", body)
    parts = rows(told.data, "conversation_parts", "conversation_parts")
    return line(dig(parts[-1], "id"), 50) if parts else f"conversation {number}"


INTERCOM = Connector(
    name="intercom",
    label="Intercom",
    what="Conversations that customers began, what they reply, and how they rate them.",
    settings=(
        Setting(
            "token",
            "Access token",
            "In Intercom’s Developer Hub: your app, Configure, Authentication. The app needs the "
            "permission Read conversations, and Write conversations to answer.",
            is_secret=True,
        ),
        Setting(
            "base_url",
            "API address",
            "https://api.intercom.io, or for data in Europe https://api.eu.intercom.io, in "
            "Australia https://api.au.intercom.io.",
            is_required=False,
            is_address=True,
            default=PUBLIC_API,
        ),
        Setting(
            "admin_id",
            "Who answers",
            "The number of the teammate in whose name answers go out; it is at the end of the "
            "address of their profile. Empty: no answers from here.",
            is_required=False,
        ),
        Setting(
            "version_attribute",
            "Attribute with the version",
            "The name of a conversation attribute that holds the customer’s version, if there is "
            "one.",
            is_required=False,
        ),
        Setting(
            HOOK_SECRET,
            "Client secret of the app",
            "Only for a webhook: in the Developer Hub under Basic information.",
            is_secret=True,
            is_sent=False,
            is_required=False,
        ),
    ),
    setup=(
        "Gathering needs no more than the token. To hear at once, and to hear replies, connect it "
        "first, and then add a webhook: the source’s page says how.",
        "In the Developer Hub open your app, Configure, Webhooks. Endpoint URL: `{url}`. Topics: "
        "`conversation.user.created`, `conversation.user.replied`, `conversation.rating.added`. "
        "Enter the app’s client secret here; Intercom signs with it.",
    ),
    gather=patient(_gather),
    read=_read,
    schemes=(INTERCOM_SIGNS,),
    event=lambda _headers, body: line(dig(body, "topic"), 100),
    call_id=lambda _headers, body: line(dig(body, "id"), 200),
    answer=_answer,
)

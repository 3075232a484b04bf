"""What people write in a Discourse forum, by asking and by webhook (docs.discourse.org)."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.payloads import dig, line, moment, part
from common.places import ConnectionFault, Setting
from common.rest import Site, many, web_address
from common.webhooks import DISCOURSE as DISCOURSE_SIGNS
from feedback.connectors.base import (
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
from feedback.connectors.words import is_bot, person, said

# Discourse shows the posts of the fifty highest numbers up to the one named, without those that
# are private or were deleted; so an empty page is not yet the end.
PAGE = 50
_MOST_EMPTY_PAGES = 40
_NOT_A_PERSON = ("system", "discobot")
_MENDS = {
    401: "The key is not accepted: make a new one, and enter it.",
    403: "The key is not accepted for this user name, or may not do this: see the steps.",
    404: "Check the forum’s address, with its path if it has one.",
    422: "Discourse does not take the post as it is; its own words say why.",
}


def _gather(asked: Asked) -> Gathered:
    site, kept = _site(asked), asked.cursor
    floor, top, before = (_number(kept.get(name)) for name in ("floor", "top", "before"))
    empty = _number(kept.get("empty"))
    answer = site.get("/posts.json", {"before": before or None}, now=asked.now)
    posts = many(answer, site, "latest_posts")
    numbers = [number for post in posts if (number := _number(post.get("id")))]
    times = [time for post in posts if (time := moment_of(post.get("created_at"), asked.now))]
    found = []
    for post in posts:
        created = moment_of(post.get("created_at"), asked.now)
        row = _row(post, asked.options)
        if row and (created is None or created >= asked.since):
            found.append(row)
    top = max([top, *numbers])
    below = min(numbers) - 1 if numbers else before - PAGE
    empty = 0 if numbers else empty + 1
    # The posts of the first page are read again in each round, for those who edit what they wrote.
    is_down = (
        below <= floor
        or (bool(times) and min(times) < asked.since)
        or empty > _MOST_EMPTY_PAGES
        or not (numbers or before)
    )
    cursor = (
        {"floor": max(floor, top)}
        if is_down
        else {"floor": floor, "top": top, "before": below, "empty": empty}
    )
    return Gathered(found, cursor, not is_down, answer.rest(asked.now))


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _site(given: Asked | Answer) -> Site:
    key = given.secrets.get("key", "")
    user = line(given.options.get("user"), 100) or "system"
    headers = {"Api-Key": key, "Api-Username": user} if key else {}
    base = web_address(given.options, "base_url")
    return Site("Discourse", base, headers, given.private_hosts, _MENDS)


def _row(post: Mapping[str, Any], options: Mapping[str, Any]) -> Row | None:
    number, place = _number(post.get("id")), _number(post.get("post_number"))
    user = line(post.get("username"), 200)
    by_team = any(post.get(name) for name in ("staff", "admin", "moderator"))
    no_person = user in _NOT_A_PERSON or is_bot(user) or _number(post.get("post_type")) > 1
    gone = any(post.get(name) for name in ("hidden", "deleted_at", "user_deleted"))
    private = line(post.get("topic_archetype")) == "private_message"
    if not number or by_team or no_person or gone or private:
        return None
    if place > 1 and options.get("posts") != "all":
        return None
    chosen = set(re.findall(r"\d+", line(options.get("categories"), 1000)))
    if chosen and line(post.get("category_id"), 20) not in chosen:
        return None
    title = line(post.get("topic_title"), 1000) if place <= 1 else ""
    text = said(title, html_to_text(post.get("cooked"), without=("quote", "onebox", "signature")))
    topic = _number(post.get("topic_id"))
    if not text or not topic:
        return None
    base = web_address(options, "base_url")
    host = base.partition("://")[2].lower()
    slug = line(post.get("topic_slug"), 300) or "-"
    row: Row = {
        "id": f"{host}:post:{number}",
        "text": text,
        "created_at": moment(post.get("created_at")),
        "url": f"{base}/t/{slug}/{topic}/{place or 1}",
        "answer_to": {"topic": topic, "post": place or 1},
    }
    if known_by := line(post.get("user_id"), 30):
        row["customer"] = person(f"{host}:{known_by}", post.get("name") or user)
    return row


def _read(heard: Heard) -> list[Row]:
    if heard.event not in ("post_created", "post_edited", "post_recovered"):
        told = heard.event[:50] or "none"
        raise NotFeedback(f"The event “{told}” is not read; posts created and edited are.")
    row = _row(part(heard.body, "post"), heard.options)
    if row is None:
        raise NotFeedback("It is by the team or a program, private, or not of what is chosen.")
    return [row]


def _answer(answer: Answer) -> str:
    if not answer.secrets.get("key"):
        raise ConnectionFault("There is no key to answer with.", "Enter one that may write posts.")
    topic, post = (_number(answer.answer_to.get(name)) for name in ("topic", "post"))
    body: dict[str, Any] = {"topic_id": topic, "raw": answer.text}
    if post > 1:
        body["reply_to_post_number"] = post
    told = _site(answer).ask("POST", "/posts.json", body)
    return line(dig(told.data, "id") or dig(told.data, "post", "id"), 50)


DISCOURSE = Connector(
    name="discourse",
    label="Discourse",
    what="Topics, and replies if you like, that people outside the team write in your forum.",
    settings=(
        Setting(
            "base_url", "Forum’s address", "Such as https://forum.example.com.", is_address=True
        ),
        Setting(
            "key",
            "API key",
            "In the forum under Admin, Advanced, API keys: a granular key of a single user, with "
            "the scopes topics: read lists and posts: list, and to answer topics: write. A public "
            "forum can be gathered from without one.",
            is_secret=True,
            is_required=False,
        ),
        Setting(
            "user",
            "User name",
            "Whose key it is; answers are posted in that name.",
            is_required=False,
            default="system",
        ),
        Setting(
            "posts",
            "What to gather",
            default="first",
            choices=(("first", "The first post of each topic"), ("all", "Replies too")),
        ),
        Setting(
            "categories",
            "Only of these categories",
            "Their numbers, with commas between; a category’s number is at the end of its address. "
            "Empty: all that are public.",
            is_required=False,
        ),
    ),
    setup=(
        "Gathering needs no more than the settings here. To hear at once, also of edits, connect "
        "it first, and then add a webhook: the source’s page says how.",
        "In the forum open Admin, Advanced, Webhooks, New webhook. Payload URL: `{url}`. Content "
        "type: `application/json`. Secret: this source’s secret. Choose single events, and of them "
        "those about posts.",
    ),
    gather=patient(_gather),
    every=timedelta(minutes=15),
    read=_read,
    schemes=(DISCOURSE_SIGNS,),
    event=lambda headers, _body: headers.get("x-discourse-event", ""),
    call_id=lambda headers, _body: headers.get("x-discourse-event-id", ""),
    answer=_answer,
)

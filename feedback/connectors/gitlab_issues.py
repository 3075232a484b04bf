"""GitLab issues and the comments on them, as docs.gitlab.com describes them; any instance."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from common.payloads import dig, line, moment, part, rows, web
from common.places import ConnectionFault, Setting
from common.rest import Site, many, segment, web_address
from common.webhooks import GITLAB, STANDARD
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
from feedback.connectors.paging import Climb, moment_of
from feedback.connectors.words import is_bot, is_chosen, markdown, person, said, version_of

PUBLIC = "https://gitlab.com"
PAGE = 50
_PROJECT = re.compile(r"\d+|[\w.-]+(?:/[\w.-]+)+")
_PROGRAMS = ("support-bot", "alert-bot", "ghost", "gitlab-bot")
_MENDS = {
    301: "The project was renamed or moved: enter its present path.",
    401: "The token is not accepted, or has run out: make a new one, and enter it.",
    403: "Give the token the scope read_api (api if answers are to be given), as a Reporter.",
    404: "Check the project’s path, and that the token was made in it or may see it.",
}


def _gather(asked: Asked) -> Gathered:
    site = _site(asked)
    way = Climb.resumed(asked.cursor, asked.since, asked.now)
    kept = way.kept()
    query = {
        "scope": "all",
        "order_by": "updated_at",
        "sort": "asc",
        "updated_after": kept["since"],
        "per_page": PAGE,
        "page": kept["page"] if way.page > 1 else None,
    }
    project = _project(asked.options.get("project"))
    answer = site.get(f"/api/v4/projects/{project}/issues", query, now=asked.now)
    items = many(answer, site)
    changes = [moment_of(item.get("updated_at"), asked.now) for item in items]
    is_full = len(items) >= PAGE
    found = []
    for item in items:
        created = moment_of(item.get("created_at"), asked.now)
        row = _issue(item, part(item, "author"), asked.options)
        if row and (created is None or created >= asked.since):
            found.append(row)
    cursor = way.after(changes, is_full=is_full).kept()
    return Gathered(found, cursor, is_full, answer.rest(asked.now))


def _site(given: Asked | Answer) -> Site:
    token = given.secrets.get("token", "")
    base = web_address(given.options, "base_url", PUBLIC)
    headers = {"PRIVATE-TOKEN": token} if token else {}
    return Site("GitLab", base, headers, given.private_hosts, _MENDS)


def _project(value: Any) -> str:
    path = re.sub(r"^(https?://[^/]+/)?(.+?)(\.git)?/?$", r"\2", line(value, 500))
    if not _PROJECT.fullmatch(path):
        raise ConnectionFault(f"“{path[:100]}” is no project.", "Enter it as group/project.")
    return segment(path)


def _read(heard: Heard) -> list[Row]:
    body = heard.body
    kind = line(dig(body, "object_kind"), 50)
    facts, actor = part(body, "object_attributes"), part(body, "user")
    author_id = facts.get("author_id")
    # The call names who did it, which in an edit may be another than who wrote it.
    author = actor if actor.get("id") == author_id else {"id": author_id}
    if kind == "issue":
        if line(facts.get("action"), 50) in ("close", "move"):
            raise NotFeedback("An issue was closed or moved: nothing new was said.")
        labels = rows(facts, "labels") or rows(body, "labels")
        row = _issue({**facts, "labels": labels}, author, heard.options)
        why = "It is confidential, by a program, empty, or without the label."
    elif kind == "note":
        if facts.get("noteable_type") != "Issue" or facts.get("system"):
            raise NotFeedback("A comment on something else than an issue, or by GitLab itself.")
        if heard.options.get("comments") != "yes":
            raise NotFeedback("Comments are not read; that can be chosen in the settings.")
        row = _note(facts, author, part(body, "issue"), heard.options)
        why = "It is internal, by a program, or empty."
    else:
        raise NotFeedback(f"The event “{kind or 'none'}” is not read; issues and comments are.")
    if row is None:
        raise NotFeedback(why)
    return [row]


def _issue(
    issue: Mapping[str, Any], author: Mapping[str, Any], options: Mapping[str, Any]
) -> Row | None:
    named = (line(dig(label, "title") or label, 100) for label in rows(issue, "labels"))
    labels = [label for label in named if label]
    if not is_chosen(labels, options.get("labels")):
        return None
    # Mails to GitLab's Service Desk become confidential issues, which a program opens.
    mail = line(issue.get("service_desk_reply_to") or issue.get("external_author"), 254)
    if issue.get("confidential") and not mail and options.get("confidential") != "yes":
        return None
    body = markdown(issue.get("description"))
    text = said(line(issue.get("title"), 1000), body)
    row = _row(issue, "issue", text, author, mail)
    if row:
        version = version_of(labels, body)
        row |= ({"labels": labels} if labels else {}) | ({"version": version} if version else {})
        row["answer_to"] = _where(issue.get("project_id"), issue.get("iid"))
    return row


def _note(
    note: Mapping[str, Any],
    author: Mapping[str, Any],
    issue: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Row | None:
    hidden = note.get("internal") or note.get("confidential") or issue.get("confidential")
    if hidden and options.get("confidential") != "yes":
        return None
    row = _row(note, "note", said(markdown(note.get("note"))), author, "")
    if row:
        row["answer_to"] = _where(note.get("project_id"), issue.get("iid"))
    return row


def _where(project_id: Any, number: Any) -> dict[str, Any]:
    return {"project": line(project_id, 20), "number": line(number, 20)}


def _row(
    item: Mapping[str, Any], kind: str, text: str, author: Mapping[str, Any], mail: str
) -> Row | None:
    number, login = line(item.get("id"), 30), line(author.get("username"), 200)
    if not text or not number or (not mail and (is_bot(login) or login in _PROGRAMS)):
        return None
    url = web(item.get("web_url"), item.get("url"))
    host = urlsplit(url).hostname or "gitlab.com"
    row: Row = {
        "id": _known_as(url, kind, number),
        "text": text,
        "created_at": moment(item.get("created_at")),
        "url": url,
    }
    if mail:
        row["customer"] = person("", "", mail)
    elif known_by := line(author.get("id"), 30):
        row["customer"] = person(f"{host}:{known_by}", author.get("name") or login)
    return row


def _known_as(url: str, kind: str, number: str) -> str:
    """Return the id: as people write it in commits, so that a ship can name what it fixes."""
    parts = urlsplit(url)
    host = parts.hostname or "gitlab.com"
    found = re.search(r"^/(.+?)(?:/-)?/(?:issues|work_items)/(\d+)", parts.path)
    if found is None:
        return f"{host}:{kind}:{number}"
    reference = f"{'' if host == 'gitlab.com' else f'{host}/'}{found[1]}#{found[2]}"
    return reference if kind == "issue" else f"{reference}-note-{number}"


def _answer(answer: Answer) -> str:
    if not answer.secrets.get("token"):
        raise ConnectionFault("There is no token to answer with.", "Enter one with the scope api.")
    to = answer.answer_to
    path = f"/api/v4/projects/{_project(to.get('project'))}/issues/{segment(to.get('number'))}"
    told = _site(answer).ask("POST", f"{path}/notes", {"body": answer.text})
    return line(dig(told.data, "id"), 50)


GITLAB_ISSUES = Connector(
    name="gitlab_issues",
    label="GitLab issues",
    what="Issues of a project on gitlab.com or your own GitLab, and comments on them.",
    settings=(
        Setting("project", "Project", "Its path, such as group/shop, or its number."),
        Setting(
            "token",
            "Token",
            "A project access token: in the project under Settings, Access tokens, with the role "
            "Reporter and the scope read_api to gather, or api to answer too. A public project can "
            "be gathered from without one.",
            is_secret=True,
            is_required=False,
        ),
        Setting(
            "comments",
            "Comments",
            "They come by the webhook only. GitLab does not say who belongs to the team, so all "
            "people’s comments come.",
            default="no",
            choices=(("no", "Not read"), ("yes", "Read")),
        ),
        Setting(
            "confidential",
            "Confidential issues",
            "Mails to the Service Desk come in any case.",
            default="no",
            choices=(("no", "Left out"), ("yes", "Read")),
        ),
        Setting(
            "labels",
            "Only with one of these labels",
            "With commas between; empty: all issues.",
            is_required=False,
        ),
        Setting(
            "base_url",
            "GitLab’s address",
            "Your own, such as https://gitlab.example.com, or gitlab.com.",
            is_required=False,
            is_address=True,
            default=PUBLIC,
        ),
    ),
    setup=(
        "Gathering needs no more than the settings here. To hear at once, connect it first, and "
        "then add a webhook: the source’s page says how.",
        "In the project open Settings, Webhooks, Add new webhook. URL: `{url}`. Secret token: this "
        "source’s secret. Trigger: Issues events, and Comments if they are to be read.",
    ),
    gather=patient(_gather),
    every=timedelta(minutes=10),
    read=_read,
    schemes=(STANDARD, GITLAB),
    event=lambda headers, body: (
        line(dig(body, "object_kind"), 50) or headers.get("x-gitlab-event", "")
    ),
    call_id=lambda headers, _body: (
        headers.get("idempotency-key") or headers.get("x-gitlab-event-uuid", "")
    ),
    answer=_answer,
)

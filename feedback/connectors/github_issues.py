"""GitHub issues and their comments, by webhook and by asking, as docs.github.com describes them."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from common.payloads import dig, line, moment, part, rows, web
from common.places import ConnectionFault, Setting
from common.rest import Site, many, segment, web_address
from common.webhooks import GITHUB
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

PUBLIC_API = "https://api.github.com"
PAGE = 50
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_TEAM = ("OWNER", "MEMBER", "COLLABORATOR")
_ISSUE_ACTIONS = ("opened", "edited", "reopened", "labeled", "unlabeled")
_MENDS = {
    301: "The repository was renamed or moved: enter its present name.",
    401: "The token is not accepted, or has run out: make a new one, and enter it.",
    403: "Give the token the permission Issues (read; write if answers are to be given).",
    404: "Check owner and name of the repository, and that the token was given access to it.",
    410: "Issues are switched off in this repository.",
    422: "GitHub does not take it as it is; its own words say why.",
}


def _gather(asked: Asked) -> Gathered:
    site, path = _site(asked), f"/repos/{_repository(asked.options)}"
    comments = asked.options.get("comments") == "outsiders"
    turn = "comments" if comments and asked.cursor.get("turn") == "comments" else "issues"
    way = Climb.resumed(asked.cursor.get(turn), asked.since, asked.now)
    query = {"sort": "updated", "direction": "asc", "per_page": PAGE, **_from(way)}
    if turn == "issues":
        query["state"] = "all"
        path += "/issues"
    else:
        path += "/issues/comments"
    answer = site.get(path, query, now=asked.now)
    items = many(answer, site)
    changes = [moment_of(item.get("updated_at"), asked.now) for item in items]
    is_full = len(items) >= PAGE
    wanted = (i for i, changed in zip(items, changes, strict=True) if _is_new(i, changed, asked))
    read = _issue if turn == "issues" else _comment
    found = [row for item in wanted if (row := read(item, asked.options))]
    cursor = {**asked.cursor, turn: way.after(changes, is_full=is_full).kept(), "turn": turn}
    if not is_full and comments:
        cursor["turn"] = "comments" if turn == "issues" else "issues"
    has_more = is_full or (comments and turn == "issues")
    return Gathered(found, cursor, has_more, answer.rest(asked.now))


def _from(way: Climb) -> dict[str, Any]:
    kept = way.kept()
    return {"since": kept["since"], "page": kept["page"] if way.page > 1 else None}


def _is_new(item: Mapping[str, Any], changed: datetime | None, asked: Asked) -> bool:
    """Tell what was said since the beginning; an old issue that was merely touched is not."""
    created = moment_of(item.get("created_at"), asked.now)
    return created is None or created >= asked.since or changed is None


def _site(given: Asked | Answer) -> Site:
    token = given.secrets.get("token", "")
    headers = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        **({"Authorization": f"Bearer {token}"} if token else {}),
    }
    base = web_address(given.options, "base_url", PUBLIC_API)
    return Site("GitHub", base, headers, given.private_hosts, _MENDS)


def _repository(facts: Mapping[str, Any]) -> str:
    name = line(facts.get("repository"), 300)
    name = re.sub(r"^(https?://[^/]+/)?(.+?)(\.git)?/?$", r"\2", name)
    if not _REPOSITORY.fullmatch(name) or ".." in name:
        raise ConnectionFault(f"“{name[:100]}” is no repository.", "Enter it as owner/name.")
    return "/".join(segment(half) for half in name.split("/"))


def _read(heard: Heard) -> list[Row]:
    body, action = heard.body, line(dig(heard.body, "action"), 50)
    if heard.event == "ping":
        raise NotFeedback("A ping: the webhook is set up. Nothing to record.")
    if heard.event == "issues":
        if action not in _ISSUE_ACTIONS:
            raise NotFeedback(f"An issue was {action or 'touched'}: nothing new was said.")
        row = _issue(part(body, "issue"), heard.options, part(body, "repository"))
        why = "It is a pull request, by a program or the team, empty, or without the label."
    elif heard.event == "issue_comment":
        if action not in ("created", "edited"):
            raise NotFeedback(f"A comment was {action or 'touched'}: nothing new was said.")
        if heard.options.get("comments") != "outsiders":
            raise NotFeedback("Comments are not read; that can be chosen in the settings.")
        on = part(body, "issue")
        row = None if "pull_request" in on else _comment(part(body, "comment"), heard.options)
        why = "It is on a pull request, or by a program or somebody of the team."
    else:
        told = heard.event[:50] or "none"
        raise NotFeedback(f"The event “{told}” is not read; issues and issue comments are.")
    if row is None:
        raise NotFeedback(why)
    return [row]


def _issue(
    issue: Mapping[str, Any],
    options: Mapping[str, Any],
    repository: Mapping[str, Any] | None = None,
) -> Row | None:
    labels = [line(dig(label, "name") or label, 100) for label in rows(issue, "labels")]
    labels = [label for label in labels if label]
    if "pull_request" in issue or not is_chosen(labels, options.get("labels")):
        return None
    if options.get("authors") == "outsiders" and issue.get("author_association") in _TEAM:
        return None
    body = markdown(issue.get("body"))
    row = _row(issue, "issue", said(line(issue.get("title"), 1000), body))
    if row:
        version = version_of(labels, body)
        row |= ({"labels": labels} if labels else {}) | ({"version": version} if version else {})
    return row


def _comment(comment: Mapping[str, Any], _options: Mapping[str, Any]) -> Row | None:
    on_pull_request = "/pull/" in line(comment.get("html_url"), 1000)
    if on_pull_request or comment.get("author_association") in _TEAM:
        return None
    return _row(comment, "comment", said(markdown(comment.get("body"))))


def _row(item: Mapping[str, Any], kind: str, text: str) -> Row | None:
    user = part(item, "user")
    number = line(item.get("id"), 30)
    bot = user.get("type") == "Bot" or is_bot(user.get("login"))
    if not text or not number or bot:
        return None
    url = web(item.get("html_url"))
    host = urlsplit(url).hostname or "github.com"
    found = re.search(r"/([^/]+/[^/]+)/(?:issues|pull)/(\d+)", urlsplit(url).path)
    row: Row = {
        "id": _known_as(host, kind, number, found),
        "text": text,
        "created_at": moment(item.get("created_at")),
        "url": url,
    }
    if known_by := line(user.get("id"), 30):
        row["customer"] = person(f"{host}:{known_by}", user.get("login"))
    if found:
        row["answer_to"] = {"repository": found[1], "number": int(found[2])}
    return row


def _known_as(host: str, kind: str, number: str, found: re.Match[str] | None) -> str:
    """Return the id: as people write it in commits, so that a ship can name what it fixes."""
    if found is None:
        return f"{host}:{kind}:{number}"
    reference = f"{'' if host == 'github.com' else f'{host}/'}{found[1]}#{found[2]}"
    return reference if kind == "issue" else f"{reference}-comment-{number}"


def _answer(answer: Answer) -> str:
    if not answer.secrets.get("token"):
        raise ConnectionFault("There is no token to answer with.", "Enter one that may write.")
    path = (
        f"/repos/{_repository(answer.answer_to)}/issues/{segment(answer.answer_to.get('number'))}"
    )
    told = _site(answer).ask("POST", f"{path}/comments", {"body": answer.text})
    return web(dig(told.data, "html_url")) or line(dig(told.data, "id"), 50)


GITHUB_ISSUES = Connector(
    name="github_issues",
    label="GitHub issues",
    what="Issues of a repository, and what others than the team comment on them.",
    settings=(
        Setting("repository", "Repository", "As owner/name, such as example/shop."),
        Setting(
            "token",
            "Token",
            "A fine-grained personal access token: on GitHub under Settings, Developer settings, "
            "Personal access tokens. Give it this one repository, and the permission Issues: read "
            "to gather, read and write to answer. A public repository can be gathered from without "
            "one, 60 calls an hour.",
            is_secret=True,
            is_required=False,
        ),
        Setting(
            "authors",
            "Whose issues",
            default="everyone",
            choices=(
                ("everyone", "Everyone’s, except programs’"),
                ("outsiders", "Only those of people outside the team"),
            ),
        ),
        Setting(
            "comments",
            "Comments",
            "Each is a feedback of its own, with a link to the issue.",
            default="no",
            choices=(("no", "Not gathered"), ("outsiders", "Those of people outside the team")),
        ),
        Setting(
            "labels",
            "Only with one of these labels",
            "With commas between; empty: all issues.",
            is_required=False,
        ),
        Setting(
            "base_url",
            "API address",
            "For GitHub Enterprise Server: https://github.example.com/api/v3.",
            is_required=False,
            is_address=True,
            default=PUBLIC_API,
        ),
    ),
    setup=(
        "Gathering needs no more than the settings here. To hear at once, connect it first, and "
        "then add a webhook: the source’s page says how.",
        "In the repository open Settings, Webhooks, Add webhook. Payload URL: `{url}`. Content "
        "type: `application/json`. Secret: this source’s secret. Choose individual events: Issues, "
        "and Issue comments if they are gathered; take off the tick at Pushes. This webhook stands "
        "beside the one that tells of deployments, which does not read issues.",
    ),
    gather=patient(_gather),
    every=timedelta(minutes=10),
    read=_read,
    schemes=(GITHUB,),
    event=lambda headers, _body: headers.get("x-github-event", ""),
    call_id=lambda headers, _body: headers.get("x-github-delivery", ""),
    answer=_answer,
)

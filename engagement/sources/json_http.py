"""Any HTTP API that answers in JSON: a call with words in it, and where in the answer things stand.

Places in the answer are named in JMESPath: https://jmespath.org/specification.html
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from common.errors import BadInput
from common.expressions import check_expression
from common.hosts import CannotReach
from common.http import call
from common.payloads import line
from common.places import ConnectionFault, Setting
from common.rest import Site, basic, web_address
from engagement.sources.base import Access, Found, SourceKind, Wanted
from engagement.sources.buckets import COMBINE, in_buckets
from engagement.sources.json_rows import PATHS, rows_in, zone_of_times
from engagement.sources.templates import (
    TIME_FORMATS,
    fill_address,
    fill_body,
    words_of,
    written,
)

MOST_BUCKETS = 1_000  # at a time: APIs commonly give no more values in one answer
HOP = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type"})
MENDS = {
    400: "Compare the call with what the API’s own pages ask for.",
    401: "Enter the token, or the user and the password, again.",
    403: "Whoever the token belongs to may not read there.",
    404: "Check the address and the path.",
}


def check(access: Access) -> str:
    """Return that somebody answers at the address and does not turn Wake away."""
    site = _site(access)
    try:
        answer = call(
            "GET",
            site.base,
            headers={"Accept": "application/json", **site.headers},
            private_hosts=site.private_hosts,
            extra_ca=site.extra_ca,
        )
    except CannotReach as problem:
        raise ConnectionFault(f"It was not reached. {problem}", "Check the address.") from None
    if answer.status in (401, 403):
        raise ConnectionFault(f"It answered {answer.status}.", MENDS[answer.status])
    if answer.status >= 500:
        raise ConnectionFault(f"It answered {answer.status}.", "It has a problem of its own.")
    return f"It answers with {answer.status}. Whether a call works is seen when a metric is added."


def asks(options: Mapping[str, Any]) -> set[str]:
    """Return the words of a call; raises BadInput that names the setting that cannot be asked."""
    path, body = str(options.get("query", "")), str(options.get("body", "")).strip()
    if path.strip()[:1] not in ("", "/", "?"):
        raise BadInput("query", "must begin with / or ?.", "The address before it stays as it is.")
    found = words_of(path, field="query")
    if body:
        found |= words_of(body, field="body")
        fill_body(body, {})
    for name in PATHS:
        if expression := str(options.get(name, "")).strip():
            check_expression(name, expression)
    zone_of_times(options)
    return found


def gather(wanted: Wanted) -> Found:
    """Return the value of each bucket; raises ConnectionFault, or BadInput for the mapping."""
    options, how = wanted.options, str(wanted.options.get("time_format") or "iso")
    words: dict[str, str | int] = {
        **wanted.words,
        "start": written(wanted.window.start, how),
        "end": written(wanted.window.end, how),
        "step": int(wanted.step.total_seconds()),
    }
    body = str(options.get("body", "")).strip()
    said = _site(wanted.access).ask(
        "POST" if body else "GET",
        fill_address(wanted.query.strip(), words),
        fill_body(body, words) if body else None,
        now=wanted.access.now,
    )
    told = rows_in(said.data, wanted)
    combine = str(options.get("combine") or "one")
    found = in_buckets(told.rows, wanted, combine=combine, left_out=told.no_number)
    if told.no_value and not told.rows and not told.no_number:
        place = line(options.get("value"), 100)
        note = f"The answer has rows ({told.no_value:,}), and none of them a value at “{place}”."
        return replace(found, notes=(*found.notes, note))
    return found


def _site(access: Access) -> Site:
    headers = {}
    if token := access.secrets.get("token"):
        headers["Authorization"] = f"Bearer {token.strip()}"
    elif user := line(access.options.get("user"), 500):
        headers["Authorization"] = basic(user, access.secrets.get("password", ""))
    if name := line(access.options.get("header"), 100):
        if not name.replace("-", "").replace("_", "").isalnum() or name.lower() in HOP:
            raise ConnectionFault(f"{name} is no header that can be sent.", "Correct its name.")
        headers[name] = access.secrets.get("header_value", "")
    return Site(
        label="The API",
        base=web_address(access.options, "url"),
        headers=headers,
        private_hosts=access.private_hosts,
        mends=MENDS,
        extra_ca=str(access.options.get("ca") or "").strip(),
    )


JSON_HTTP = SourceKind(
    name="json",
    label="JSON over HTTP",
    what="Numbers over time from any API that answers in JSON, by saying where they stand in it.",
    settings=(
        Setting(
            "url",
            "Address",
            "What all calls begin with, such as https://stats.example.com/api.",
            is_address=True,
        ),
        Setting("token", "Token", "Sent as a bearer token.", is_secret=True, is_required=False),
        Setting("user", "User", "Instead of a token.", is_required=False),
        Setting("password", "Password", is_secret=True, is_required=False),
        Setting("header", "Header of its own", "Such as X-Api-Key.", is_required=False),
        Setting("header_value", "What that header says", is_secret=True, is_required=False),
        Setting(
            "ca",
            "Certificate of an own authority",
            "In PEM, if the server’s certificate was not made by a public one.",
            is_required=False,
            is_long=True,
        ),
    ),
    query_settings=(
        Setting(
            "query",
            "Path",
            "Behind the address: /series?from={{ start }}&to={{ end }}&env={{ environment }}",
            is_required=False,
            is_long=True,
        ),
        Setting(
            "body",
            "Body",
            'JSON, sent by POST: {"from": "{{ start }}"}. Empty: the call is a GET.',
            is_required=False,
            is_long=True,
        ),
        Setting(
            "time_format", "How {{ start }} is written", choices=TIME_FORMATS, default="iso"
        ),
        Setting(
            "rows",
            "Where the rows stand",
            "In JMESPath, such as data.points. Empty: time and value below are two lists.",
            is_required=False,
        ),
        Setting("time", "Where the time stands", "In a row, such as at, or [0]."),
        Setting("value", "Where the value stands", "In a row, such as count, or [1]."),
        Setting(
            "denominator_path",
            "Where the denominator stands",
            "For a ratio: the value counts who did, this one who could have.",
            is_required=False,
        ),
        Setting(
            "zone", "Time zone", "Of times that name none.", default="UTC", is_required=False
        ),
        Setting(
            "combine", "If a bucket has several values", choices=COMBINE, default="one"
        ),
    ),
    check=check,
    gather=gather,
    most_buckets=MOST_BUCKETS,
    asks=asks,
    how="One call gives the values of a stretch of time. In its path and its body, {{ start }} and "
    "{{ end }} are that stretch, {{ step }} the seconds of a bucket, and {{ environment }}, "
    "{{ service }} and {{ version }} (what was live there at the time) what they say.",
    nothing="The call worked, but no row has a time in it. Check how the start is written, and the "
    "time zone.",
)  # fmt: skip

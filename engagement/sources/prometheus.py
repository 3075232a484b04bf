"""Prometheus, and what speaks its API: Thanos, Mimir, VictoriaMetrics.

Its range queries are described at
https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
A value at a moment tells of the time before it, so that of a bucket is asked for at its end.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.payloads import line
from common.places import ConnectionFault, Setting
from common.rest import Site, basic, web_address
from engagement.sources.base import Access, Found, SourceKind, Wanted
from engagement.sources.words import fill_promql

# Prometheus gives no more than 11,000 points of a series at a time.
MOST_POINTS = 10_000
SERIES_NAMED = 3
NOTES_KEPT = 5
MENDS = {
    301: "Enter the present address.",
    400: "Correct the query.",
    401: "Enter the token, or the user and the password, again.",
    403: "Whoever the token belongs to may not read there.",
    404: "Check the address: without /api/v1 at its end.",
    422: "Prometheus cannot run this query; try it in its own pages.",
}


def check(access: Access) -> str:
    """Return that the server answers queries, and its version where it tells one."""
    site = _site(access)
    said = site.get("/api/v1/query", {"query": "vector(1)"}, now=access.now)
    _result(said.data)
    try:
        told = site.get("/api/v1/status/buildinfo", now=access.now).data
        version = line(told["data"]["version"], 50)
    except (ConnectionFault, LookupError, TypeError):
        version = ""  # others that speak its API have no such page
    return f"It answers queries{f' as version {version}' if version else ''}."


def gather(wanted: Wanted) -> Found:
    """Return the value of each bucket; raises ConnectionFault, or BadInput for the query."""
    step = int(wanted.step.total_seconds())
    asked = {
        "query": fill_promql(wanted.query, wanted.words, step_seconds=step),
        "start": int((wanted.window.start + wanted.step).timestamp()),
        "end": int(wanted.window.end.timestamp()),
        "step": step,
    }
    said = _site(wanted.access).get("/api/v1/query_range", asked, now=wanted.access.now).data
    many = _result(said)
    if len(many) > 1 and wanted.options.get("combine") != "sum":
        raise _too_many(many)
    values: dict[datetime, float] = {}
    left_out: set[datetime] = set()
    for series in many:
        for moment, text in _points(series):
            start = datetime.fromtimestamp(round(moment), UTC) - wanted.step
            value = _number(text)
            if value is None:
                left_out.add(start)
            else:
                values[start] = values.get(start, 0.0) + value
    # A sum of which one part is not known is not known.
    kept = {start: value for start, value in values.items() if start not in left_out}
    return Found(kept, (*_warnings(said), *_gaps(left_out)))


def _site(access: Access) -> Site:
    headers = {}
    if token := access.secrets.get("token"):
        headers["Authorization"] = f"Bearer {token.strip()}"
    elif user := line(access.options.get("user"), 500):
        headers["Authorization"] = basic(user, access.secrets.get("password", ""))
    if tenant := line(access.options.get("tenant"), 200):
        headers["X-Scope-OrgID"] = tenant
    return Site(
        label="Prometheus",
        base=web_address(access.options, "url"),
        headers=headers,
        private_hosts=access.private_hosts,
        mends=MENDS,
        extra_ca=str(access.options.get("ca") or "").strip(),
    )


def _result(said: Any) -> list[Mapping[str, Any]]:
    data = said.get("data") if isinstance(said, Mapping) else None
    result = data.get("result") if isinstance(data, Mapping) else None
    if not isinstance(result, list) or not all(isinstance(one, Mapping | list) for one in result):
        raise ConnectionFault(
            "What answered is not the API of Prometheus.",
            "Check the address: without /api/v1 at its end.",
        )
    return [one for one in result if isinstance(one, Mapping)]


def _too_many(many: list[Mapping[str, Any]]) -> ConnectionFault:
    named = "; ".join(_labels(series) for series in many[:SERIES_NAMED])
    more = len(many) - SERIES_NAMED
    return ConnectionFault(
        f"The query gives {len(many)} series instead of one: {named}"
        f"{f'; and {more} more' if more > 0 else ''}.",
        "Wrap it in sum(...) or avg(...), or choose to add them up.",
    )


def _labels(series: Mapping[str, Any]) -> str:
    labels = series.get("metric")
    if not isinstance(labels, Mapping) or not labels:
        return "{}"
    return "{" + line(", ".join(f'{name}="{value}"' for name, value in labels.items()), 120) + "}"


def _points(series: Mapping[str, Any]) -> list[tuple[float, Any]]:
    points = series.get("values")
    if not isinstance(points, list):
        raise ConnectionFault(
            "The query gives no numbers over time.",
            "Histograms that Prometheus keeps whole need histogram_quantile(...) or the like.",
        )
    return [(float(point[0]), point[1]) for point in points if len(point) == 2]


def _number(text: Any) -> float | None:
    """Return the value, or None for what is no finite number: NaN, +Inf and -Inf."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _warnings(said: Mapping[str, Any]) -> list[str]:
    told = [*(said.get("warnings") or []), *(said.get("infos") or [])]
    return [f"Prometheus warns: {line(one, 300)}" for one in told[:NOTES_KEPT]]


def _gaps(left_out: set[datetime]) -> list[str]:
    if not left_out:
        return []
    many = len(left_out)
    return [f"{many} value{'' if many == 1 else 's'} left out: NaN or infinite."]


PROMETHEUS = SourceKind(
    name="prometheus",
    label="Prometheus",
    what="Any number that a Prometheus, Thanos, Mimir or VictoriaMetrics keeps, by PromQL.",
    settings=(
        Setting(
            "url",
            "Address",
            "Such as https://prometheus.example.com; what comes before /api/v1.",
            is_address=True,
        ),
        Setting("token", "Token", "Sent as a bearer token.", is_secret=True, is_required=False),
        Setting("user", "User", "Instead of a token.", is_required=False),
        Setting("password", "Password", is_secret=True, is_required=False),
        Setting("tenant", "Tenant", "Sent as X-Scope-OrgID, for Mimir.", is_required=False),
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
            "Query",
            'PromQL for one series, such as sum(increase(orders_total{env="{{ environment }}"}'
            "[{{ step }}])).",
            is_long=True,
        ),
        Setting(
            "denominator",
            "Query of the denominator",
            "For a ratio: the query above counts who did, this one who could have.",
            is_required=False,
            is_long=True,
        ),
        Setting(
            "combine",
            "If the query gives several series",
            choices=(("one", "Refuse them"), ("sum", "Add them up")),
            default="one",
        ),
    ),
    check=check,
    gather=gather,
    most_buckets=MOST_POINTS,
    how="A query gives one number for each stretch of time. In it, {{ environment }}, "
    "{{ service }} and {{ version }} (what was live there at the time) stand inside quotes, and "
    "{{ step }} for the length of the stretch.",
    nothing="Check the names and labels in the query. A counter that never counted gives nothing "
    "either; with “or vector(0)” behind it, PromQL says 0.",
)

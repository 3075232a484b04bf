"""A team's own PostgreSQL: one query that gives a time and a value for each bucket."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from common.errors import BadInput
from common.payloads import line
from common.places import ConnectionFault, Setting
from engagement.sources.base import Access, Found, SourceKind, Wanted
from engagement.sources.buckets import COMBINE, Row, in_buckets, number_in
from engagement.sources.postgres_session import Session, Way, session

# The words of a query, as $1, $2 ... and their types.
PARAMETERS = {
    "start": "timestamptz",
    "end": "timestamptz",
    "step": "interval",
    "environment": "text",
    "service": "text",
    "version": "text",
}
TLS = (
    ("verify-full", "Encrypted, and the certificate is checked"),
    ("require", "Encrypted, the certificate is not checked"),
    ("disable", "Not encrypted: in your own network only"),
)
_WORD = re.compile(r"%\(\s*([^()]*?)\s*\)s")
_MAY_WRITE = """
SELECT count(*) FROM information_schema.table_privileges
WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
  AND table_schema NOT IN ('pg_catalog', 'information_schema')
  AND grantee IN (SELECT rolname FROM pg_roles WHERE pg_has_role(current_user, oid, 'USAGE'))
"""


def check(access: Access) -> str:
    """Return the server's version, and whether the role may do more than it should."""
    with session(_way(access)) as talk:
        _refuse_superuser(talk)
        version = line(talk.rows("SHOW server_version")[0][0], 50)
        role = line(talk.rows("SELECT current_user::text")[0][0], 60)
        can_write = bool(talk.rows(_MAY_WRITE)[0][0])
    more = " It may also write, which Wake never does: better is a role that only reads."
    return f"PostgreSQL {version} lets the role {role} in.{more if can_write else ''}"


def asks(options: Mapping[str, Any]) -> set[str]:
    """Return the words of a query; raises BadInput for one that means nothing."""
    query = str(options.get("query", ""))
    if "{{" in query:
        raise BadInput("query", "has words in braces.", "Here one writes %(start)s.")
    found = set(_WORD.findall(query))
    for word in sorted(found - PARAMETERS.keys()):
        known = ", ".join(f"%({one})s" for one in PARAMETERS)
        raise BadInput("query", f"%({word})s means nothing here.", f"Known are {known}.")
    return found


def gather(wanted: Wanted) -> Found:
    """Return the value of each bucket; raises ConnectionFault, or BadInput for the query."""
    asks({"query": wanted.query})
    query = wanted.query.strip().rstrip(";").rstrip()
    places = {word: f"${number}" for number, word in enumerate(PARAMETERS, 1)}
    # A parameter is a value wherever it stands, so a word is never inside quotes.
    query = _WORD.sub(lambda word: places[word[1]], query)
    given = {
        **wanted.words,
        "start": wanted.window.start.isoformat(),
        "end": wanted.window.end.isoformat(),
        "step": f"{int(wanted.step.total_seconds())} seconds",
    }
    values = [(str(given.get(word, "")), kind) for word, kind in PARAMETERS.items()]
    with session(_way(wanted.access)) as talk:
        _refuse_superuser(talk)
        columns, rows = talk.rows_of_query(query, values)
    if len(columns) not in (2, 3):
        raise ConnectionFault(
            f"The query gives {len(columns)} column{'' if len(columns) == 1 else 's'}.",
            "Let it give the time of the bucket and the value, and the denominator of a share.",
        )
    read = [_row(row) for row in rows if row[1] is not None and None not in row[2:]]
    kept = [row for row in read if row is not None]
    combine = str(wanted.options.get("combine") or "one")
    return in_buckets(kept, wanted, combine=combine, left_out=len(read) - len(kept))


def _way(access: Access) -> Way:
    options = access.options
    port = line(options.get("port"), 10) or "5432"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ConnectionFault("This is no port.", "PostgreSQL mostly has 5432.")
    tls = str(options.get("tls") or "verify-full")
    return Way(
        host=line(options.get("host"), 253),
        port=int(port),
        database=str(options.get("database", "")),
        user=str(options.get("user", "")),
        password=access.secrets.get("password", ""),
        tls=tls if tls in dict(TLS) else "verify-full",
        ca=str(options.get("ca") or "").strip(),
        private_hosts=access.private_hosts,
    )


def _refuse_superuser(talk: Session) -> None:
    # A read-only transaction holds back what writes tables; not what reads and writes files.
    if talk.rows("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(True,)]:
        raise ConnectionFault(
            "This role is a superuser, and Wake asks nothing as one.",
            "Make a role that may only read: docs/sources.md has the statements.",
        )


def _row(row: tuple[Any, ...]) -> Row | None:
    """Return what a row says; None if it has no finite number."""
    at = _moment(row[0])
    if at is None:
        raise ConnectionFault(
            "The first column is no time.",
            "Let it be a timestamp or a date, such as date_bin(%(step)s, at, %(start)s).",
        )
    if not all(isinstance(value, int | float | Decimal) for value in row[1:]):
        raise ConnectionFault("The value is no number.", "Let the second column be one.")
    value = number_in(row[1])
    of = number_in(row[2]) if len(row) == 3 else None
    if value is None or (len(row) == 3 and of is None):
        return None
    return Row(at, value, of)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None


POSTGRESQL = SourceKind(
    name="postgresql",
    label="PostgreSQL",
    what="Numbers from your own PostgreSQL, by a query that only reads and may take 20 seconds.",
    settings=(
        Setting("host", "Host", "Such as db.example.com.", is_address=True),
        Setting("port", "Port", is_address=True, default="5432"),
        Setting("database", "Database"),
        Setting("user", "User", "A role that may only read: docs/sources.md says how."),
        Setting("password", "Password", is_secret=True, is_required=False),
        Setting("tls", "How the way there is kept", choices=TLS, default="verify-full"),
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
            "SELECT date_bin(%(step)s, at, %(start)s), count(*) FROM orders "
            "WHERE at >= %(start)s AND at < %(end)s GROUP BY 1",
            is_long=True,
        ),
        Setting(
            "combine", "If a bucket has several rows", choices=COMBINE, default="one"
        ),
    ),
    check=check,
    gather=gather,
    asks=asks,
    how="A query gives rows of two columns: a time in the bucket, and its value; for a share, a "
    "third with the denominator. %(start)s and %(end)s are the stretch that is asked for, %(step)s "
    "the length of a bucket, %(environment)s, %(service)s and %(version)s what they say. They are "
    "bound as parameters, so write them without quotes.",
    nothing="The query works, but gives no row in this time. Check its conditions.",
)  # fmt: skip

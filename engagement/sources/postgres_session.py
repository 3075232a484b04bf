"""One read-only conversation with somebody's PostgreSQL: pinned to an address, and limited in time.

The query is opened as a cursor by the server itself, with its words as bound parameters. So it is
one statement that gives rows, or nothing: a second statement behind a semicolon cannot follow, the
transaction cannot be ended, and in a read-only one nothing in the database can be written. See
https://www.postgresql.org/docs/current/sql-set-transaction.html for what that mode refuses.
"""

import re
import select
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import psycopg2
import psycopg2.extensions as pg

from common.hosts import CannotReach, addresses_of
from common.payloads import line
from common.places import ConnectionFault

CONNECT_SECONDS = 10.0
QUERY_SECONDS = 20.0
# The server ends a query by itself; the rest is for one that does not.
GRACE_SECONDS = 5.0
MOST_ROWS = 20_000
# Of what a stranger may have called it, a host is this and nothing else: no list, no folder.
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_PROVEN = "none,md5,scram-sha-256"  # ways to get in that do not give the password away
_LIMITS = (
    "BEGIN TRANSACTION READ ONLY",
    f"SET LOCAL statement_timeout = {int(QUERY_SECONDS * 1000)}",
    "SET LOCAL lock_timeout = 2000",
    "SET LOCAL idle_in_transaction_session_timeout = 60000",
    "SET LOCAL TIME ZONE 'UTC'",
    "SET LOCAL standard_conforming_strings = on",
)
_MENDS = {
    "25006": "Wake only reads: the query must not write, nor call what writes.",
    "42501": "Give the role the right to read what the query names.",
    "57014": f"It took longer than {QUERY_SECONDS:g} seconds. Add an index, or ask for less.",
    "55P03": "Somebody holds a lock on a table; it is tried again.",
    "53300": "The server takes no more connections just now; it is tried again.",
    "28P01": "Enter the user and the password again.",
    "28000": "The server does not let this role in from here: see its pg_hba.conf.",
    "3D000": "Correct the name of the database.",
    "42P11": "Write one query that gives rows, beginning with SELECT or WITH.",
    "42601": "Write one query that gives rows, beginning with SELECT or WITH.",
    "0A000": "Write one query that gives rows, beginning with SELECT or WITH.",
}


@dataclass(frozen=True, slots=True)
class Way:
    """How to get to a database and into it; `tls` is a value of libpq's sslmode."""

    host: str
    port: int
    database: str
    user: str
    password: str
    tls: str = "verify-full"
    ca: str = ""  # certificates in PEM that are believed instead of the usual ones
    private_hosts: tuple[str, ...] = ()


class Session:
    """A read-only transaction; everything in it raises ConnectionFault."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._cursor = connection.cursor()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of one of Wake's own statements."""
        self._run(sql, values)
        return list(self._cursor.fetchall()) if self._cursor.description else []

    def rows_of_query(
        self, query: str, values: Sequence[tuple[str, str]]
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return the columns and the rows of a query that a person wrote, with $1, $2 ... bound.

        `values` are (text, type). Raises ConnectionFault if there are more than MOST_ROWS.
        """
        using = ", ".join(f"CAST({_literal(text)} AS {kind})" for text, kind in values)
        body = (
            "DECLARE wanted refcursor := 'wanted'; "
            f"BEGIN OPEN wanted FOR EXECUTE {_literal(query)} USING {using}; END"
        )
        self._run(f"DO LANGUAGE plpgsql {_literal(body)}")
        self._run(f"FETCH {MOST_ROWS + 1} FROM wanted")
        columns = [column.name for column in self._cursor.description or ()]
        rows = list(self._cursor.fetchall())
        if len(rows) > MOST_ROWS:
            raise ConnectionFault(
                f"The query gives more than {MOST_ROWS:,} rows.",
                "Group them: one row for each bucket is enough.",
            )
        return columns, rows

    def _run(self, sql: str, values: Sequence[Any] = ()) -> None:
        deadline = time.monotonic() + QUERY_SECONDS + GRACE_SECONDS
        try:
            self._cursor.execute(sql, values or None)
            _wait(self._connection, deadline)
        except psycopg2.Error as problem:
            raise _fault(problem) from None


def _literal(text: str) -> str:
    """Return a text as SQL writes it, whatever is in it: quotes and backslashes doubled."""
    if "\x00" in text:
        raise ConnectionFault("The query has a character that no text can have.")
    doubled = text.replace("'", "''")
    return f" E'{doubled.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{doubled}'"


@contextmanager
def session(way: Way) -> Iterator[Session]:
    """Yield a read-only transaction, which is ended whatever happens; raises ConnectionFault."""
    with tempfile.TemporaryDirectory(prefix="wake-pg-") as folder:
        connection = _connected(way, Path(folder))
        try:
            talk = Session(connection)
            for statement in _LIMITS:
                talk.rows(statement)
            yield talk
        finally:
            with suppress(psycopg2.Error):
                connection.close()


def _connected(way: Way, folder: Path) -> Any:
    if not _HOST.fullmatch(way.host):
        raise ConnectionFault("This is no name of a host.", "Such as db.example.com.")
    try:
        addresses = addresses_of(way.host, way.port, way.private_hosts)
    except CannotReach as problem:
        raise ConnectionFault(f"The database was not reached. {problem}") from None
    deadline = time.monotonic() + CONNECT_SECONDS
    fault: ConnectionFault | None = None
    for address in addresses[:4]:
        try:
            connection = psycopg2.connect(**_parameters(way, address, folder))
            _wait(connection, deadline)
            return connection
        except psycopg2.Error as problem:
            fault = _fault(problem, while_connecting=True)
    raise fault or ConnectionFault("The name of the host has no address.")


def _parameters(way: Way, address: str, folder: Path) -> Mapping[str, Any]:
    """Return all that libpq could otherwise take from its surroundings: files and variables."""
    trusted = folder / "ca.pem"
    trusted.write_text(way.ca or Path(certifi.where()).read_text())
    nothing = str(folder / "nothing")
    return {
        "host": way.host,
        "hostaddr": address,  # what was checked is what is connected to
        "port": way.port,
        "dbname": way.database,
        "user": way.user,
        "password": way.password,
        "sslmode": way.tls,
        "sslrootcert": str(trusted) if way.tls.startswith("verify") else nothing,
        "sslcert": nothing,
        "sslkey": nothing,
        "passfile": nothing,
        "gssencmode": "disable",
        # A password in clear text goes only to a server whose certificate was checked.
        "require_auth": _PROVEN if not way.tls.startswith("verify") else f"{_PROVEN},password",
        "application_name": "Wake",
        "options": "",
        "client_encoding": "UTF8",
        "async_": True,
    }


def _wait(connection: Any, deadline: float) -> None:
    """Let libpq go on until it is done; a server that drips or is silent does not keep it."""
    poll = select.poll()
    while (state := connection.poll()) != pg.POLL_OK:
        left = deadline - time.monotonic()
        want = select.POLLOUT if state == pg.POLL_WRITE else select.POLLIN
        poll.register(connection.fileno(), want)
        ready = poll.poll(left * 1000) if left > 0 else []
        poll.unregister(connection.fileno())
        if not ready:
            raise psycopg2.OperationalError("there was no answer in time")


def _fault(problem: psycopg2.Error, *, while_connecting: bool = False) -> ConnectionFault:
    told = problem.diag.message_primary or str(problem).strip().split("\n")[-1]
    told = line(re.sub(r"^.*?(FATAL|ERROR): +|^connection to server .*? failed: ", "", told), 300)
    if hint := line(problem.diag.message_hint, 200):
        told = f"{told.rstrip('.')}. {hint}"
    mend = _MENDS.get(problem.pgcode or "", "")
    if while_connecting:
        mend = mend or _mend_of_connecting(told)
        return ConnectionFault(f"The database was not reached: {told.rstrip('.')}.", mend)
    return ConnectionFault(f"PostgreSQL says: {told.rstrip('.')}.", mend or "Correct the query.")


def _mend_of_connecting(told: str) -> str:
    if "certificate" in told or "SSL" in told:
        return "Choose how it is encrypted, or enter the certificate of the own authority."
    if "password" in told or "auth" in told:
        return _MENDS["28P01"]
    if "does not exist" in told:
        return "Correct the user and the name of the database."
    return "Check the host and the port, and whether a firewall lets Wake in."

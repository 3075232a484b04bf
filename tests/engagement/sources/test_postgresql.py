"""A team's own PostgreSQL, asked as it is: a real server, by a role that may read, or more."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import BadInput
from common.places import ConnectionFault
from common.windows import Window
from engagement.gather import gather_part
from engagement.models import Kind
from engagement.sources import postgres_session
from engagement.sources.base import Access, Found, Wanted
from engagement.sources.postgresql import asks, check, gather
from learning.source_tasks import versions_for
from tests.engagement.gauges import make_feed, make_source
from tests.engagement.postgres import Postgres, needs_postgres
from tests.factories import NOW, make_deployment

pytestmark = needs_postgres
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ORDERS = (
    "SELECT date_bin(%(step)s, at, %(start)s), count(*) FROM orders "
    "WHERE at >= %(start)s AND at < %(end)s GROUP BY 1"
)
PASSWORD = "let me read"
TABLES = f"""
CREATE TABLE orders (at timestamptz, version text, paid boolean);
INSERT INTO orders
SELECT timestamptz '2026-03-18 12:00+00' - n * interval '10 minutes',
       CASE WHEN n > 500 THEN '1.0' ELSE '2.0' END, n % 3 = 0
FROM generate_series(1, 1008) AS n;
CREATE TABLE kept (n integer);
CREATE FUNCTION writes() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN INSERT INTO kept VALUES (1); RETURN 1; END $$;
CREATE SEQUENCE counted;
CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}';
GRANT SELECT ON orders, kept TO reader;
CREATE ROLE writer LOGIN PASSWORD '{PASSWORD}';
GRANT ALL ON ALL TABLES IN SCHEMA public TO writer;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO writer;
GRANT CREATE ON SCHEMA public TO writer;
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Postgres]:
    """Yield a server with a certificate of its own, that wants passwords."""
    folder: Path = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / "server.key", "-out", folder / "server.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = Postgres()
    server.wants_passwords_and_tls(folder / "server.crt", folder / "server.key")
    server.run(TABLES)
    server.certificate = (folder / "server.crt").read_text()  # type: ignore[attr-defined]
    yield server
    server.stop()


def options(server: Postgres, **more: Any) -> dict[str, Any]:
    return {
        "host": "localhost", "port": str(server.port), "database": "postgres", "user": "reader",
        "tls": "disable", **more,
    }  # fmt: skip


def access(server: Postgres, *, password: str = PASSWORD, **more: Any) -> Access:
    return Access(options(server, **more), {"password": password}, NOW, private_hosts=("*",))


def ask(server: Postgres, query: str, *, words=None, combine="one", **more: Any) -> Found:
    words = words or {"environment": "production", "service": "", "version": "2.0"}
    window = Window(NOW - 3 * HOUR, NOW)
    chosen = {"query": query, "combine": combine}
    return gather(Wanted(access(server, **more), query, window, HOUR, words, chosen))


class TestAQuery:
    def test_gives_each_bucket_its_value(self, server):
        assert ask(server, ORDERS).values == {NOW - n * HOUR: 6 for n in (3, 2, 1)}

    def test_may_end_in_a_semicolon_and_hold_per_cents(self, server):
        found = ask(server, "SELECT %(start)s, 7 % 4 WHERE 'x%' LIKE '_\\%' OR 'a' = 'a' ;\n")

        assert found.values == {NOW - 3 * HOUR: 3}

    def test_gives_shares_with_their_denominators(self, server):
        query = ORDERS.replace("count(*)", "count(*) FILTER (WHERE paid), count(*)")

        found = ask(server, query)

        assert found.values == {NOW - n * HOUR: 2 for n in (3, 2, 1)}
        assert found.of == {NOW - n * HOUR: 6 for n in (3, 2, 1)}

    def test_counts_times_without_a_zone_and_dates_in_utc(self, server):
        query = "SELECT timestamp '2026-03-18 10:15', 4 UNION ALL SELECT date '2026-03-18', 5"

        assert ask(server, query).values == {NOW - 2 * HOUR: 4}

    def test_leaves_gaps_and_says_what_is_no_number(self, server):
        query = "VALUES (%(start)s, 'NaN'::float8), (%(start)s + %(step)s, NULL)"

        found = ask(server, query)

        assert found.values == {}
        assert found.notes == ("1 value left out: no finite number.",)

    @pytest.mark.parametrize(
        "version", ["2.0' OR ''='", "2.0\\' OR 1=1 --", "'; DROP TABLE orders; --", "$1", "%s", "é"]
    )
    def test_takes_a_word_as_a_value_whatever_is_in_it(self, server, version):
        words = {"version": version, "environment": "", "service": ""}
        query = "SELECT %(start)s, length(%(version)s) WHERE %(version)s <> '2.0'"

        assert ask(server, query, words=words).values == {NOW - 3 * HOUR: len(version)}

    @pytest.mark.parametrize(
        ("query", "told"),
        [
            ("SELECT 1", "gives 1 column"),
            ("SELECT 1, 2, 3, 4", "gives 4 columns"),
            ("SELECT 'x', 2", "first column is no time"),
            ("SELECT now(), 'many'", "value is no number"),
            ("SELECT now(), n FROM generate_series(1, 20001) n", "more than 20,000 rows"),
            ("SELECT %(start)s, n FROM generate_series(1, 2) n", "2 values for the bucket"),
            ("SELECT at, shoe_size FROM orders", r"shoe_size.* does not exist\. Correct"),
            ("SELECT now(), oid FROM pg_authid", "permission denied.*right to read"),
            ("SELEC 1", "syntax error"),
        ],
    )
    def test_is_refused_in_plain_words(self, server, query, told):
        with pytest.raises(ConnectionFault, match=told):
            ask(server, query)

    def test_is_ended_when_it_takes_too_long(self, server, monkeypatch):
        monkeypatch.setattr(
            postgres_session,
            "_LIMITS",
            tuple(one.replace("20000", "200") for one in postgres_session._LIMITS),
        )
        began = time.monotonic()

        with pytest.raises(ConnectionFault, match="took longer"):
            ask(server, "SELECT now(), 1 FROM pg_sleep(30)")

        assert time.monotonic() - began < 5

    def test_may_name_only_words_that_mean_something(self):
        assert asks({"query": ORDERS}) == {"start", "end", "step"}
        for query in ("SELECT %(colour)s", "SELECT '{{ start }}'"):
            with pytest.raises(BadInput):
                asks({"query": query})


WRITES = [
    "INSERT INTO kept VALUES (1)",
    "INSERT INTO kept VALUES (1) RETURNING now(), n",
    "WITH new AS (INSERT INTO kept VALUES (1) RETURNING n) SELECT now(), n FROM new",
    "UPDATE kept SET n = 2 RETURNING now(), n",
    "DELETE FROM orders",
    "TRUNCATE orders",
    "DROP TABLE orders",
    "CREATE TABLE more (n integer)",
    "SELECT now() AS at, 1 AS n INTO more",
    "SELECT now(), writes()",
    "SELECT now(), nextval('counted')",
    "SELECT at, 1 FROM orders FOR UPDATE",
    "DO $$ BEGIN INSERT INTO kept VALUES (1); END $$",
    "CALL writes()",
    "COPY orders TO PROGRAM 'touch /tmp/wake-was-here'",
    "COPY (SELECT 1) TO '/tmp/wake-was-here'",
    "SELECT now(), lo_export(1, '/tmp/wake-was-here')",
    "SELECT now(), length(pg_read_file('PG_VERSION'))",
    "SELECT now(), 1; INSERT INTO kept VALUES (1)",
    "SELECT now(), 1; COMMIT; INSERT INTO kept VALUES (1)",
    "COMMIT; BEGIN READ WRITE; INSERT INTO kept VALUES (1)",
    "SELECT now(), 1 $$; COMMIT; INSERT INTO kept VALUES (1); --",
    "SELECT now(), 1'; END; COMMIT; INSERT INTO kept VALUES (1); --",
    "SELECT now(), 1\\'; END; COMMIT; INSERT INTO kept VALUES (1); --",
    "SET TRANSACTION READ WRITE",
    "SELECT now(), length(set_config('transaction_read_only', 'off', true))",
    "SELECT now(), (SELECT writes()) FROM "
    "(SELECT set_config('transaction_read_only', 'off', false)) AS x",
    "SET ROLE wake",
]


class TestWriting:
    @pytest.mark.parametrize("user", ["reader", "writer"])
    @pytest.mark.parametrize("query", WRITES)
    def test_is_refused_even_to_a_role_that_may(self, server, user, query):
        with pytest.raises(ConnectionFault):
            ask(server, query, user=user)

        assert server.run("SELECT count(*) FROM kept") == [(0,)]
        assert server.run("SELECT count(*) FROM orders") == [(1008,)]
        assert server.run("SELECT to_regclass('more'), last_value FROM counted") == [(None, 1)]
        assert not Path("/tmp/wake-was-here").exists()

    def test_is_possible_to_that_role_without_wake(self, server):
        server.run("SET ROLE writer; INSERT INTO kept VALUES (1); DELETE FROM kept")

    def test_is_told_as_what_it_is(self, server):
        with pytest.raises(ConnectionFault, match=r"read-only transaction\. Wake only reads"):
            ask(server, "SELECT now(), writes()", user="writer")

    def test_never_happens_as_a_superuser_because_nothing_does(self, server):
        with pytest.raises(ConnectionFault, match="superuser"):
            ask(server, ORDERS, user="wake")


class TestTrying:
    def test_names_the_server_and_the_role(self, server):
        assert "lets the role reader in." in check(access(server))

    def test_says_that_a_role_may_do_more_than_it_should(self, server):
        assert "may also write" not in check(access(server))
        assert "may also write" in check(access(server, user="writer"))

    def test_refuses_a_superuser(self, server):
        with pytest.raises(ConnectionFault, match="superuser"):
            check(access(server, user="wake"))

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ({"password": "wrong"}, "password.*Enter the user and the password again"),
            ({"password": ""}, "password"),
            ({"database": "shoes"}, "does not exist.*name of the database"),
            ({"database": "host=/tmp dbname=postgres"}, "does not exist"),
            ({"port": "1"}, "not reached.*port"),
            ({"port": "x"}, "no port"),
            ({"host": "no-such-host.invalid"}, "not known"),
            ({"host": "/var/run/postgresql"}, "no name of a host"),
            ({"host": "localhost,evil.example"}, "no name of a host"),
        ],
    )
    def test_says_in_plain_words_why_one_does_not_get_in(self, server, more, told):
        with pytest.raises(ConnectionFault, match=told):
            check(access(server, **more))

    def test_calls_no_private_host_that_is_not_allowed(self, server):
        with pytest.raises(ConnectionFault, match="ALLOW_PRIVATE_HOSTS"):
            check(Access(options(server), {"password": PASSWORD}, NOW))

    def test_takes_nothing_from_the_machine_that_wake_runs_on(self, server, monkeypatch):
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=1")
        with pytest.raises(ConnectionFault, match="password"):
            check(access(server, password=""))
        assert "lets the role" in check(access(server))

    def test_believes_a_certificate_only_by_its_authority(self, server):
        assert "lets the role" in check(
            access(server, tls="verify-full", ca=server.certificate)  # type: ignore[attr-defined]
        )
        assert "lets the role" in check(access(server, tls="require"))
        with pytest.raises(ConnectionFault, match="certificate"):
            check(access(server, tls="verify-full"))
        with pytest.raises(ConnectionFault, match="certificate"):
            check(access(server, host="127.0.0.1", tls="verify-full", ca=server.certificate))  # type: ignore[attr-defined]

    def test_waits_no_longer_than_set_for_a_server_that_is_silent(self, server, monkeypatch):
        monkeypatch.setattr(postgres_session, "CONNECT_SECONDS", 0.3)
        silent = socket.create_server(("127.0.0.1", 0))
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(silent.accept()[0]), daemon=True).start()

        with pytest.raises(ConnectionFault, match="no answer in time"):
            check(access(server, host="127.0.0.1", port=str(silent.getsockname()[1])))

        silent.close()


@pytest.mark.django_db
class TestGathering:
    @pytest.fixture
    def source(self, shop, server, settings):
        settings.ALLOW_PRIVATE_HOSTS = ["localhost"]
        secrets = {"password": PASSWORD}
        return make_source(shop, "postgresql", options=options(server), secrets=secrets)

    def fill(self, feed) -> None:
        now = NOW + timedelta(minutes=5)
        assert feed.claim(now)
        feed.refresh_from_db()
        while gather_part(feed, now=now, versions=versions_for):
            pass
        feed.refresh_from_db()
        assert feed.problem == ""

    def test_fills_the_history_of_a_new_metric(self, source):
        feed = make_feed(source, options={"query": ORDERS})

        self.fill(feed)

        assert feed.metric.samples.count() == 7 * 24
        assert set(feed.metric.samples.values_list("value", flat=True)) == {6}

    def test_follows_the_versions_that_were_live(self, shop, source):
        make_deployment(shop, "1.0", shipped_at=NOW - 10 * DAY)
        make_deployment(shop, "2.0", shipped_at=NOW - 2 * DAY)
        query = ORDERS.replace("WHERE", "WHERE version = %(version)s AND")
        feed = make_feed(source, options={"query": query})

        self.fill(feed)

        # Version 2.0 sold from before it was live; only what was sold while it was live counts.
        first = feed.metric.samples.filter(taken_at__gte=NOW - 2 * DAY).earliest("taken_at")
        assert first.taken_at == NOW - 2 * DAY
        assert not feed.metric.samples.filter(
            taken_at__gte=NOW - 3 * DAY, taken_at__lt=NOW - 2 * DAY
        ).exists()

    def test_stores_shares_with_their_denominators(self, source):
        query = ORDERS.replace("count(*)", "count(*) FILTER (WHERE paid), count(*)")
        feed = make_feed(source, options={"query": query})
        feed.metric.kind = Kind.RATIO
        feed.metric.save()

        self.fill(feed)

        sample = feed.metric.samples.latest("taken_at")
        assert (sample.value, sample.exposure) == (pytest.approx(1 / 3), 6)

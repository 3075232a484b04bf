import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from common.places import ConnectionFault
from common.webhooks import NotSigned, SignedCall, check_signature
from feedback.connectors.base import NotFeedback
from feedback.connectors.paging import written
from feedback.connectors.zendesk import PAGE, ZENDESK
from tests.feedback.connectors.vendor import NOW, SINCE, answering, asked, gathered, heard, vendor


def ticket(number, **facts):
    """A ticket as the documentation of the export shows it."""
    return {
        "url": f"https://example.zendesk.com/api/v2/tickets/{number}.json",
        "id": number,
        "via": {"channel": "email", "source": {"rel": None}},
        "created_at": written(SINCE + timedelta(days=1)),
        "updated_at": written(SINCE + timedelta(days=1)),
        "subject": "Cannot pay",
        "raw_subject": "Cannot pay",
        "description": "The button   does nothing.\r\n\r\n\r\n\r\nRose",
        "status": "open",
        "requester_id": 20978392,
        "submitter_id": 20978392,
        "is_public": True,
        "tags": [],
        "custom_fields": [{"id": 27642, "value": None}],
        "satisfaction_rating": {"score": "unoffered"},
        **facts,
    }


ROSE = {"id": 20978392, "name": "Rose", "email": "rose@example.com", "role": "end-user"}


@dataclass
class Zendesk:
    """Exports tickets from a cursor on, as Zendesk does: the cursor is how many were given out."""

    tickets: list = field(default_factory=list)
    per_page: int = PAGE

    def __call__(self, call):
        if call.method == "PUT":
            return {"ticket": {"id": 1}, "audit": {"id": 2127301143}}
        start = int(call.query.get("cursor", "c0")[1:])
        end = min(start + self.per_page, len(self.tickets))
        return {
            "tickets": self.tickets[start:end],
            "users": [ROSE],
            "after_cursor": f"c{end}",
            "after_url": "https://elsewhere.example/steal",
            "end_of_stream": end == len(self.tickets),
        }


def gather(place, **options):
    cursor = options.pop("cursor", None)
    given = {"base_url": place.url, "user": "ada@example.com", **options}
    return gathered(ZENDESK, given, {"token": "t"}, cursor)


class TestGather:
    def test_makes_a_ticket_a_row(self):
        with vendor(Zendesk([ticket(35436)])) as place:
            rows, _ = gather(place)

        host = place.url.removeprefix("http://")
        assert rows == [
            {
                "id": f"{host}:ticket:35436",
                "text": "Cannot pay\n\nThe button   does nothing.\n\nRose",
                "created_at": ticket(1)["created_at"],
                "url": f"https://{host}/agent/tickets/35436",
                "answer_to": {"ticket": "35436"},
                "customer": {
                    "id": f"{host}:20978392", "name": "Rose", "email": "rose@example.com",
                },
            }
        ]  # fmt: skip

    def test_asks_from_the_beginning_by_time_and_then_by_cursor(self):
        with vendor(Zendesk([ticket(n) for n in range(1, 6)], per_page=2)) as place:
            rows, cursor = gather(place)
            place.answer.tickets.append(ticket(9))
            more, _ = gather(place, cursor=cursor)

        assert place.calls[0].query["start_time"] == str(int(SINCE.timestamp()))
        assert [c.query.get("cursor") for c in place.calls] == [None, "c2", "c4", "c5"]
        assert [r["answer_to"]["ticket"] for r in rows + more] == ["1", "2", "3", "4", "5", "9"]
        user = base64.b64encode(b"ada@example.com/token:t").decode()
        assert place.calls[0].headers["authorization"] == f"Basic {user}"

    def test_does_not_ask_for_the_minute_that_is_not_exported_yet(self):
        with vendor(Zendesk()) as place:
            options = {"base_url": place.url, "user": "a"}
            ZENDESK.gather(asked(options, since=NOW))

        assert int(place.calls[0].query["start_time"]) < NOW.timestamp() - 60

    @pytest.mark.parametrize(
        "facts",
        [
            {"status": "deleted"},
            {"is_public": False},
            {"subject": None, "description": ""},
            {"created_at": "2020-01-01T00:00:00Z"},
            {"id": None},
        ],
    )
    def test_skips_what_no_customer_said(self, facts):
        with vendor(Zendesk([ticket(1, **facts), None, ticket(2)])) as place:
            assert [row["answer_to"]["ticket"] for row in gather(place)[0]] == ["2"]

    @pytest.mark.parametrize(("score", "stars"), [("good", 5), ("bad", 1)])
    def test_reads_how_the_help_was_rated(self, score, stars):
        rating = {"id": 1, "score": score, "comment": "Slow, but kind."}
        with vendor(Zendesk([ticket(1, satisfaction_rating=rating)])) as place:
            (row,), _ = gather(place)

        assert (row["rating"], row["rating_max"]) == (stars, 5)
        assert row["text"].endswith("\n\nSlow, but kind.")

    @pytest.mark.parametrize("score", ["offered", "unoffered", None, 3])
    def test_takes_no_rating_that_was_not_given(self, score):
        with vendor(Zendesk([ticket(1, satisfaction_rating={"score": score})])) as place:
            assert "rating" not in gather(place)[0][0]

    def test_finds_the_version_in_its_field_or_in_a_tag(self):
        field = ticket(1, custom_fields=[{"id": 27642, "value": "1.4.2"}])
        tag = ticket(2, tags=["billing", "version_2_0_1"])
        with vendor(Zendesk([field, tag])) as place:
            rows, _ = gather(place, version_field="27642")

        assert [row["version"] for row in rows] == ["1.4.2", "2.0.1"]

    def test_waits_as_long_as_zendesk_asks(self):
        with vendor(lambda _: (429, {"Retry-After": "93"}, {})) as place:
            options = {"base_url": place.url, "user": "a"}
            page = ZENDESK.gather(asked(options, cursor={"after": "c4"}))

        assert (page.cursor, page.wait) == ({"after": "c4"}, timedelta(seconds=93))

    @pytest.mark.parametrize(
        ("status", "mend"), [(401, "API token is switched on"), (403, "admin"), (404, "address")]
    )
    def test_says_how_to_mend_a_refusal(self, status, mend):
        with (
            vendor(lambda _: (status, {}, {"error": "no"})) as place,
            pytest.raises(ConnectionFault, match=mend),
        ):
            gather(place)

    def test_says_so_when_the_answer_is_another(self):
        with vendor(lambda _: {"tickets": "none"}) as place, pytest.raises(ConnectionFault):
            gather(place)


class TestRead:
    BODY = {
        "type": "zen:event-type:ticket.created",
        "id": "01HNXXXX-CTEXAMPLE",
        "detail": {
            "id": "35436",
            "subject": "Cannot pay",
            "description": "The button does nothing.",
            "requester_id": "20978392",
            "is_public": True,
            "created_at": "2026-03-01T10:00:00Z",
        },
    }

    def read(self, body, **options):
        event = ZENDESK.event({}, body)
        return ZENDESK.read(heard(event, body, {"base_url": "example", **options}))

    def test_makes_a_row_that_gathering_knows(self):
        (row,) = self.read(self.BODY)

        assert row["id"] == "example.zendesk.com:ticket:35436"
        assert row["text"] == "Cannot pay\n\nThe button does nothing."
        assert row["customer"] == {"id": "example.zendesk.com:20978392"}
        assert row["url"] == "https://example.zendesk.com/agent/tickets/35436"

    @pytest.mark.parametrize(
        "body",
        [None, {}, {**BODY, "type": "zen:event-type:ticket.status_changed"}, {**BODY, "detail": 3}],
    )
    def test_says_why_nothing_was_said(self, body):
        with pytest.raises(NotFeedback):
            self.read(body)

    def test_believes_only_what_is_signed(self):
        sent, body = "2026-03-10T12:00:00Z", b'{"type": "x"}'
        mac = hmac.new(b"secret", sent.encode() + body, hashlib.sha256).digest()
        headers = {
            "x-zendesk-webhook-signature": base64.b64encode(mac).decode(),
            "x-zendesk-webhook-signature-timestamp": sent,
        }
        check_signature(SignedCall(headers, body, NOW), ["secret"], ZENDESK.schemes)
        with pytest.raises(NotSigned):
            check_signature(SignedCall(headers, body + b" ", NOW), ["secret"], ZENDESK.schemes)
        late = headers | {"x-zendesk-webhook-signature-timestamp": "2026-03-11T12:00:00Z"}
        with pytest.raises(NotSigned):
            check_signature(SignedCall(late, body, NOW), ["secret"], ZENDESK.schemes)


class TestAnswer:
    def test_comments_so_that_the_customer_sees_it(self):
        with vendor(Zendesk()) as place:
            options = {"base_url": place.url, "user": "ada@example.com"}
            told = ZENDESK.answer(answering("Fixed", {"ticket": "7"}, options, {"token": "t"}))

        assert told == "2127301143"
        assert (place.calls[0].method, place.calls[0].path) == ("PUT", "/api/v2/tickets/7.json")
        assert place.calls[0].json == {"ticket": {"comment": {"body": "Fixed", "public": True}}}

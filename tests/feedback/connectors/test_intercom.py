import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from common.places import ConnectionFault
from common.webhooks import NotSigned, SignedCall, check_signature
from feedback.connectors.base import NotFeedback
from feedback.connectors.intercom import INTERCOM
from tests.deployments.real_data import real_data
from tests.feedback.connectors.vendor import NOW, SINCE, answering, asked, gathered, heard, vendor


def conversation(number, *, hours=1, **facts):
    """A conversation as the documentation of the search shows it."""
    at = int((SINCE + timedelta(hours=hours)).timestamp())
    return {
        "type": "conversation",
        "id": str(number),
        "title": None,
        "created_at": at,
        "updated_at": at,
        "source": {
            "type": "conversation",
            "id": "403918330",
            "delivered_as": "customer_initiated",
            "subject": "",
            "body": "<p>It <b>broke</b> 😀</p><p>again</p>",
            "author": {"type": "user", "id": "6762", "name": "Rose", "email": "rose@example.com"},
        },
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "6762"}]},
        "conversation_rating": None,
        "custom_attributes": {},
        **facts,
    }


@dataclass
class Intercom:
    """Finds conversations between two times, and pages through them, as Intercom does."""

    conversations: list = field(default_factory=list)
    per_page: int = 2
    meanwhile: object = None

    def __call__(self, call):
        if call.path.endswith("/reply"):
            parts = [{"id": "1"}, {"id": "29"}]
            return {"type": "conversation", "conversation_parts": {"conversation_parts": parts}}
        after, before = (part["value"] for part in call.json["query"]["value"])
        found = [c for c in self.conversations if after < c["updated_at"] < before]
        # The cursor stands behind a conversation, not at a count: what leaves moves nothing.
        found.sort(key=lambda c: (c["updated_at"], c["id"]))
        if place := call.json["pagination"].get("starting_after"):
            found = [c for c in found if [c["updated_at"], c["id"]] > json.loads(place)]
        page = found[: self.per_page]
        pages = {"type": "pages", "per_page": self.per_page}
        if len(found) > self.per_page:
            place = json.dumps([page[-1]["updated_at"], page[-1]["id"]])
            pages["next"] = {"page": 2, "starting_after": place}
        answer = {"type": "conversation.list", "conversations": list(page), "pages": pages}
        answer = json.loads(json.dumps(answer))
        if self.meanwhile:
            self.meanwhile()
        return answer


def gather(place, cursor=None, now=NOW, **options):
    return gathered(INTERCOM, {"base_url": place.url, **options}, {"token": "t"}, cursor, now=now)


def numbers(rows):
    return [int(row["answer_to"]["conversation"]) for row in rows]


class TestGather:
    def test_makes_a_conversation_a_row(self):
        with vendor(Intercom([conversation(471)])) as place:
            rows, _ = gather(place)

        assert rows == [
            {
                "id": "conversation:471",
                "text": "It broke 😀\n\nagain",
                "answer_to": {"conversation": "471"},
                "customer": {"id": "intercom:6762", "name": "Rose", "email": "rose@example.com"},
                "created_at": conversation(1)["created_at"],
            }
        ]
        assert place.calls[0].headers["authorization"] == "Bearer t"
        assert place.calls[0].headers["intercom-version"] == "2.11"

    def test_reads_all_pages_and_then_only_what_changed(self):
        intercom = Intercom([conversation(n, hours=n) for n in range(1, 8)])
        with vendor(intercom) as place:
            rows, cursor = gather(place)
            later = NOW + timedelta(hours=1)
            new = int((NOW + timedelta(minutes=30)).timestamp())
            intercom.conversations.append(conversation(9, created_at=new, updated_at=new))
            more, _ = gather(place, cursor, later)

        assert numbers(rows) == list(range(1, 8))
        assert numbers(more) == [9]

    def test_loses_nothing_that_changes_while_it_reads(self):
        intercom = Intercom([conversation(n, hours=n) for n in range(1, 8)])
        changed = int((NOW + timedelta(minutes=1)).timestamp())
        intercom.meanwhile = lambda: intercom.conversations[3].update(updated_at=changed)
        with vendor(intercom) as place:
            rows, cursor = gather(place)
            more, _ = gather(place, cursor, NOW + timedelta(hours=1))

        assert set(numbers(rows + more)) == set(range(1, 8))

    @pytest.mark.parametrize(
        "facts",
        [
            {"source": {"author": {"type": "admin", "id": "1"}, "body": "<p>News</p>"}},
            {"source": {"author": {"type": "user", "id": "1"}, "body": None}},
            {"source": None},
            {"created_at": 1_500_000_000},
        ],
    )
    def test_skips_what_no_customer_said(self, facts):
        with vendor(Intercom([conversation(1, **facts), conversation(2)])) as place:
            assert numbers(gather(place)[0]) == [2]

    def test_reads_how_it_was_rated_and_the_version(self):
        rating = {"rating": 2, "remark": "Too slow", "created_at": 1}
        one = conversation(1, conversation_rating=rating, custom_attributes={"App": "1.4.2"})
        with vendor(Intercom([one])) as place:
            (row,), _ = gather(place, version_attribute="App")

        assert (row["rating"], row["rating_max"], row["version"]) == (2, 5, "1.4.2")
        assert row["text"].endswith("Too slow")

    def test_waits_when_intercom_allows_no_more_calls(self):
        limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(NOW.timestamp() + 8)}
        with vendor(lambda _: (200, limits, {"conversations": []})) as place:
            page = INTERCOM.gather(asked({"base_url": place.url}))

        assert page.wait == timedelta(seconds=8)

    @pytest.mark.parametrize(
        ("status", "mend"), [(401, "Developer Hub"), (403, "permission"), (404, "region")]
    )
    def test_says_how_to_mend_a_refusal(self, status, mend):
        told = {"type": "error.list", "errors": [{"code": "x", "message": "Access Token Invalid"}]}
        with (
            vendor(lambda _: (status, {}, told)) as place,
            pytest.raises(ConnectionFault, match=f"Access Token Invalid.*{mend}"),
        ):
            gather(place)


def calls():
    return {c["event"]: json.loads(c["body_raw"]) for c in real_data("intercom.jsonl.gz")}


def read(body, **options):
    return INTERCOM.read(heard(INTERCOM.event({}, body), body, options))


class TestRead:
    def test_reads_a_real_conversation_that_a_user_began(self):
        (row,) = read(calls()["conversation_user_created"])

        assert row["id"] == "conversation:21321941764"
        assert row["text"] == "Hello everyone!"
        assert row["url"].endswith("/conversations/21321941764")
        assert row["customer"] == {
            "id": "intercom:5c9553cb27e377f24eed49f7",
            "name": "Rose Poodle from St. John's",
        }

    def test_reads_a_real_reply_as_feedback_of_its_own(self):
        (row,) = read(calls()["conversation_user_replied"])

        assert row["id"] == "part:2824391734"
        assert row["text"].startswith("Well, I need some help")
        assert row["answer_to"] == {"conversation": "21322009097"}

    def test_reads_no_other_real_call(self):
        others = {
            name: body
            for name, body in calls().items()
            if name not in ("conversation_user_created", "conversation_user_replied")
        }
        assert len(others) > 20
        for body in others.values():
            with pytest.raises(NotFeedback):
                read(body)

    @pytest.mark.parametrize("item", [None, [], "x", {"id": 1}])
    def test_is_not_upset_by_an_odd_call(self, item):
        with pytest.raises(NotFeedback):
            read({"topic": "conversation.user.created", "data": {"item": item}})

    def test_knows_a_call_by_its_id(self):
        body = calls()["conversation_user_created"]

        assert INTERCOM.call_id({}, body) == "notif_3ac27816-d27c-45fd-a65a-bbaf021cf780"

    def test_believes_only_what_is_signed(self):
        body = b'{"topic": "ping"}'
        mac = hmac.new(b"secret", body, hashlib.sha1).hexdigest()
        headers = {"x-hub-signature": f"sha1={mac}"}

        check_signature(SignedCall(headers, body, NOW), ["secret"], INTERCOM.schemes)
        with pytest.raises(NotSigned):
            check_signature(SignedCall(headers, b"{}", NOW), ["secret"], INTERCOM.schemes)


class TestAnswer:
    def test_replies_in_the_name_of_a_teammate(self):
        with vendor(Intercom()) as place:
            options = {"base_url": place.url, "admin_id": "394051"}
            to = {"conversation": "471"}
            told = INTERCOM.answer(answering("Fixed", to, options, {"token": "t"}))

        assert told == "29"
        assert place.calls[0].path == "/conversations/471/reply"
        assert place.calls[0].json == {
            "message_type": "comment", "type": "admin", "admin_id": "394051", "body": "Fixed",
        }  # fmt: skip

    def test_wants_to_know_who_answers(self):
        with pytest.raises(ConnectionFault, match="who answers"):
            INTERCOM.answer(answering("x", {"conversation": "1"}, {}, {"token": "t"}))

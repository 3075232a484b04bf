import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from common.places import ConnectionFault
from common.webhooks import NotSigned, SignedCall, check_signature
from feedback.connectors.base import NotFeedback
from feedback.connectors.discourse import DISCOURSE
from feedback.connectors.paging import written
from tests.feedback.connectors.vendor import NOW, SINCE, answering, asked, gathered, heard, vendor


def post(number, *, hours=1, **facts):
    """A post as a forum shows it in posts.json and in its webhooks."""
    return {
        "id": number,
        "name": "Rose",
        "username": "rose",
        "created_at": written(SINCE + timedelta(hours=hours)),
        "cooked": '<p>It <em>broke</em> <img class="emoji" alt=":cry:" src="x"></p>',
        "raw": "It *broke* :cry:",
        "post_number": 1,
        "post_type": 1,
        "topic_id": 500 + number,
        "topic_slug": "cannot-pay",
        "topic_title": "Cannot pay",
        "category_id": 4,
        "user_id": 7,
        "moderator": False,
        "admin": False,
        "staff": False,
        "hidden": False,
        "deleted_at": None,
        **facts,
    }


@dataclass
class Forum:
    """Shows the posts of a span of fifty numbers, the highest first, as Discourse does."""

    posts: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)

    def __call__(self, call):
        if call.method == "POST":
            return {"id": 909, "topic_id": call.json["topic_id"], "post_number": 2}
        highest = max([p["id"] for p in self.posts], default=0)
        top = int(call.query.get("before", highest))
        found = [p for p in self.posts if top - 50 < p["id"] <= top]
        latest = sorted(found, key=lambda p: -p["id"])
        return 200, self.headers, {"latest_posts": latest}


def gather(place, **options):
    cursor = options.pop("cursor", None)
    return gathered(DISCOURSE, {"base_url": place.url, **options}, {"key": "k"}, cursor)


def numbers(rows):
    return [int(row["id"].rpartition(":")[2]) for row in rows]


class TestGather:
    def test_makes_the_first_post_of_a_topic_a_row(self):
        with vendor(Forum([post(3)])) as place:
            rows, _ = gather(place, user="ada")

        host = place.url.removeprefix("http://")
        assert rows == [
            {
                "id": f"{host}:post:3",
                "text": "Cannot pay\n\nIt broke :cry:",
                "created_at": post(3)["created_at"],
                "url": f"{place.url}/t/cannot-pay/503/1",
                "answer_to": {"topic": 503, "post": 1},
                "customer": {"id": f"{host}:7", "name": "Rose"},
            }
        ]
        assert place.calls[0].headers["api-key"] == "k"
        assert place.calls[0].headers["api-username"] == "ada"

    def test_goes_down_over_pages_and_gaps(self):
        known = [*range(1, 60), *range(300, 420)]
        with vendor(Forum([post(n, hours=n) for n in known])) as place:
            rows, _ = gather(place)

        assert set(numbers(rows)) == set(known)

    def test_ends_at_what_is_too_old(self):
        old = [post(n, hours=-n) for n in range(1, 500)]
        with vendor(Forum([*old, post(600)])) as place:
            assert numbers(gather(place)[0]) == [600]

        assert len(place.calls) < 6

    def test_reads_only_what_is_new_and_the_newest_page_again(self):
        forum = Forum([post(n, hours=n) for n in range(1, 201)])
        with vendor(forum) as place:
            _, cursor = gather(place)
            place.calls.clear()
            forum.posts.append(post(201, hours=201))
            rows, _ = gather(place, cursor=cursor)

        assert len(place.calls) == 1
        assert set(numbers(rows)) == set(range(152, 202))

    def test_loses_nothing_that_is_written_while_it_reads(self):
        forum = Forum([post(n, hours=n) for n in range(1, 101)])
        with vendor(forum) as place:
            first = DISCOURSE.gather(asked({"base_url": place.url}))
            forum.posts += [post(n, hours=n) for n in range(101, 221)]
            rest, cursor = gather(place, cursor=first.cursor)
            more, _ = gather(place, cursor=cursor)

        assert set(numbers(first.rows + rest + more)) == set(range(1, 221))

    def test_ends_in_an_empty_forum(self):
        with vendor(Forum()) as place:
            assert gather(place) == ([], {"floor": 0})

    @pytest.mark.parametrize(
        "facts",
        [
            {"staff": True},
            {"admin": True},
            {"username": "discobot"},
            {"post_type": 3},
            {"hidden": True},
            {"user_deleted": True},
            {"post_number": 2},
            {"topic_archetype": "private_message"},
            {"cooked": "", "topic_title": ""},
        ],
    )
    def test_skips_what_no_customer_said_to_everybody(self, facts):
        with vendor(Forum([post(1, **facts), post(2)])) as place:
            assert numbers(gather(place)[0]) == [2]

    def test_reads_replies_if_that_is_chosen_without_what_they_quote(self):
        quoting = '<aside class="quote"><blockquote>It broke</blockquote></aside><p>Me too</p>'
        with vendor(Forum([post(2, post_number=5, cooked=quoting)])) as place:
            (row,), _ = gather(place, posts="all")

        assert row["text"] == "Me too"
        assert row["url"].endswith("/502/5")

    def test_takes_only_chosen_categories(self):
        with vendor(Forum([post(1), post(2, category_id=9)])) as place:
            assert numbers(gather(place, categories="9, 12")[0]) == [2]

    def test_waits_as_long_as_the_forum_asks(self):
        with vendor(lambda _: (429, {"Retry-After": "17"}, {"errors": ["slow down"]})) as place:
            page = DISCOURSE.gather(asked({"base_url": place.url}))

        assert page.wait == timedelta(seconds=17)

    @pytest.mark.parametrize("status", [401, 403, 404])
    def test_says_how_to_mend_a_refusal(self, status):
        with (
            vendor(lambda _: (status, {}, {"errors": ["You may not."]})) as place,
            pytest.raises(ConnectionFault, match=r"You may not\)\. (The key|Check)"),
        ):
            gather(place)


def read(event, body, **options):
    given = {"base_url": "https://forum.example.com", **options}
    return DISCOURSE.read(heard(event, body, given))


class TestRead:
    @pytest.mark.parametrize("event", ["post_created", "post_edited"])
    def test_reads_what_was_written(self, event):
        (row,) = read(event, {"post": post(3)})

        assert row["id"] == "forum.example.com:post:3"
        assert row["url"] == "https://forum.example.com/t/cannot-pay/503/1"

    @pytest.mark.parametrize(
        ("event", "body"),
        [
            ("ping", {"ping": "OK"}),
            ("post_destroyed", {"post": post(3)}),
            ("topic_created", {"topic": {}}),
            ("post_created", {"post": post(3, staff=True)}),
            ("post_created", None),
            ("post_created", {"post": [3]}),
        ],
    )
    def test_says_why_nothing_was_said(self, event, body):
        with pytest.raises(NotFeedback):
            read(event, body)

    def test_believes_only_what_is_signed(self):
        mac = hmac.new(b"secret", b"{}", hashlib.sha256).hexdigest()
        headers = {"x-discourse-event-signature": f"sha256={mac}"}

        check_signature(SignedCall(headers, b"{}", NOW), ["secret"], DISCOURSE.schemes)
        with pytest.raises(NotSigned):
            check_signature(SignedCall(headers, b"[]", NOW), ["secret"], DISCOURSE.schemes)


class TestAnswer:
    @pytest.mark.parametrize(("number", "more"), [(1, {}), (5, {"reply_to_post_number": 5})])
    def test_replies_in_the_topic(self, number, more):
        with vendor(Forum()) as place:
            to = {"topic": 503, "post": number}
            given = answering("It is fixed now.", to, {"base_url": place.url}, {"key": "k"})
            assert DISCOURSE.answer(given) == "909"

        assert place.calls[0].path == "/posts.json"
        assert place.calls[0].json == {"topic_id": 503, "raw": "It is fixed now.", **more}

    def test_repeats_why_the_forum_does_not_take_it(self):
        told = {"action": "create_post", "errors": ["Body is too short (minimum is 20)"]}
        with (
            vendor(lambda _: (422, {}, told)) as place,
            pytest.raises(ConnectionFault, match="too short"),
        ):
            options = {"base_url": place.url}
            DISCOURSE.answer(answering("x", {"topic": 1, "post": 1}, options, {"key": "k"}))

"""The App Store and Google Play, whose addresses are fixed: here they stand on this machine."""

import json
import ssl
import subprocess
import sys
import urllib.parse
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.conf import settings

from common.places import ConnectionFault
from feedback.connectors import app_store, google_play
from feedback.connectors.app_store import APP_STORE
from feedback.connectors.google_play import GOOGLE_PLAY
from feedback.connectors.paging import written
from tests.feedback.connectors.vendor import NOW, SINCE, asked, gathered, vendor


def entry(number, *, hours=1, stars="2", **facts):
    """A review as Apple's feed shows it."""
    at = (SINCE + timedelta(hours=hours)).isoformat()
    return {
        "author": {
            "uri": {"label": "https://itunes.apple.com/us/reviews/id638572168"},
            "name": {"label": "ヤミ。"},
            "label": "",
        },
        "updated": {"label": at},
        "im:rating": {"label": stars},
        "im:version": {"label": "3.4.3"},
        "id": {"label": str(number)},
        "title": {"label": "Broken"},
        "content": {"label": "It broke.\nAgain 😀", "attributes": {"type": "text"}},
        "link": {"attributes": {"rel": "related", "href": "https://itunes.apple.com/review?id=1"}},
        **facts,
    }


@dataclass
class Apple:
    """Shows ten pages of fifty reviews, the newest first, each in its odd shape."""

    reviews: dict = field(default_factory=dict)
    empty_pages: set = field(default_factory=set)

    def __call__(self, call):
        _, country, _, _, page, *_ = call.path.split("/")
        page = int(page.removeprefix("page="))
        listed = sorted(self.reviews[country], key=lambda e: e["updated"]["label"], reverse=True)
        found = listed[50 * (page - 1) : 50 * page]
        feed = {"author": {"name": {"label": "iTunes Store"}}}
        if found and page not in self.empty_pages:
            feed["entry"] = found if len(found) > 1 else found[0]
        return {"feed": feed}


@pytest.fixture
def apple(monkeypatch):
    with vendor(Apple({"us": []})) as place:
        monkeypatch.setattr(app_store, "FEED", place.url)
        yield place


def reviews_of(**options):
    cursor = options.pop("cursor", None)
    return gathered(APP_STORE, {"app": "1404176564", "countries": "us", **options}, {}, cursor)


def ids(rows):
    return [int(row["id"]) for row in rows]


class TestTheAppStore:
    def test_gives_words_stars_and_version(self, apple):
        apple.answer.reviews["us"] = [entry(7), entry(6, hours=0)]
        rows, _ = reviews_of()

        assert rows[0] == {
            "id": "7",
            "text": "Broken\n\nIt broke.\nAgain 😀",
            "rating": 2,
            "rating_max": 5,
            "created_at": entry(7)["updated"]["label"],
            "url": "https://itunes.apple.com/review?id=1",
            "country": "us",
            "version": "3.4.3",
            "customer": {"id": "app_store:638572168", "name": "ヤミ。"},
        }
        path = "/us/rss/customerreviews/page=1/id=1404176564/sortby=mostrecent/json"
        assert apple.calls[0].path == path

    def test_has_a_list_of_one_that_is_no_list(self, apple):
        apple.answer.reviews["us"] = [entry(7)]

        assert ids(reviews_of()[0]) == [7]

    def test_shows_the_app_itself_as_a_first_entry(self, apple):
        app = {"im:name": {"label": "Shop"}, "updated": {"label": written(NOW)}}
        apple.answer.reviews["us"] = [app, entry(7)]

        assert ids(reviews_of()[0]) == [7]

    def test_has_ten_pages_at_most(self, apple):
        apple.answer.reviews["us"] = [entry(n, hours=n) for n in range(600)]
        rows, _ = reviews_of()

        assert len(set(ids(rows))) == 500
        assert len(apple.calls) == 10

    def test_is_read_country_by_country(self, apple):
        apple.answer.reviews = {"us": [entry(1)], "de": [entry(2)], "jp": []}
        rows, cursor = reviews_of(countries="US, de jp de")

        assert [(row["id"], row["country"]) for row in rows] == [("1", "us"), ("2", "de")]
        assert {"us", "de", "turn"} <= set(cursor)

    def test_is_read_again_only_as_far_as_is_new(self, apple):
        apple.answer.reviews["us"] = [entry(n, hours=n) for n in range(410)]
        _, cursor = reviews_of()
        apple.calls.clear()
        apple.answer.reviews["us"].append(entry(999, hours=411))
        rows, _ = reviews_of(cursor=cursor)

        assert 999 in ids(rows)
        assert len(apple.calls) == 2  # three days are read again: reviews are shown late

    def test_loses_nothing_by_an_empty_page_where_there_are_reviews(self, apple):
        apple.answer.reviews["us"] = [entry(n, hours=n) for n in range(150)]
        apple.answer.empty_pages = {2}
        first, cursor = reviews_of()
        apple.answer.empty_pages = set()
        rest, _ = reviews_of(cursor=cursor)

        assert set(ids(first + rest)) == set(range(150))

    def test_ends_where_a_page_is_empty_for_the_second_time(self, apple):
        apple.answer.reviews["us"] = [entry(n, hours=n) for n in range(250)]
        _, cursor = reviews_of()
        _, cursor = reviews_of(cursor=cursor)
        apple.calls.clear()
        reviews_of(cursor=cursor)

        assert len(apple.calls) == 2

    def test_gives_an_edited_review_under_its_old_id(self, apple):
        apple.answer.reviews["us"] = [entry(7), entry(6)]
        _, cursor = reviews_of()
        apple.answer.reviews["us"][0] = entry(7, hours=90, stars="5")
        rows, _ = reviews_of(cursor=cursor)

        assert (rows[0]["id"], rows[0]["rating"]) == ("7", 5)

    @pytest.mark.parametrize(
        "facts",
        [
            {"im:rating": {"label": "6"}},
            {"im:rating": None},
            {"id": None},
            {"updated": {"label": "2020-01-01T00:00:00-07:00"}},
        ],
    )
    def test_has_entries_that_are_left_out(self, apple, facts):
        apple.answer.reviews["us"] = [entry(1) | ({"id": {"label": "1"}} | facts), entry(2)]

        assert ids(reviews_of()[0]) == [2]

    @pytest.mark.parametrize(
        "app", ["1404176564", "https://apps.apple.com/us/app/shop/id1404176564?l=de"]
    )
    def test_is_asked_for_the_app_however_it_is_named(self, apple, app):
        reviews_of(app=app)

        assert "id=1404176564" in apple.calls[0].path

    @pytest.mark.parametrize("app", ["", "shop", "1/../2", "12"])
    def test_is_not_asked_for_what_is_no_app(self, apple, app):
        with pytest.raises(ConnectionFault, match="no app"):
            reviews_of(app=app)

    def test_is_not_asked_for_what_is_no_country(self, apple):
        with pytest.raises(ConnectionFault, match="“germany” is no country"):
            reviews_of(countries="us, germany")

    @pytest.mark.parametrize("data", [[], {"feed": None}, b"<html>"])
    def test_may_answer_something_else(self, apple, data):
        apple.answer = lambda _: data

        with pytest.raises(ConnectionFault):
            reviews_of()


def review(number, *, hours=1, stars=1, text="It broke 😀", version="1.4.2", reply=None):
    """A review at the places where Google Play's pages have it."""
    at = [int((SINCE + timedelta(hours=hours)).timestamp()), 123]
    answer = ["Shop", reply, [1772500000, 0]] if reply else None
    return [f"gp:{number}", ["Rose", []], stars, None, text, at, 3, answer, None, None, version]


@dataclass
class Google:
    """Shows a list in pages, as what Google Play's pages load does."""

    reviews: dict = field(default_factory=dict)
    per_page: int = 4

    def __call__(self, call):
        asked = json.loads(
            json.loads(urllib.parse.parse_qs(call.body.decode())["f.req"][0])[0][0][1]
        )
        token = asked[1][2][2] if len(asked[1][2]) > 2 else None
        listed = sorted(self.reviews[call.query["hl"]], key=lambda r: r[5], reverse=True)
        start = int(token.removeprefix("at-")) if token else 0
        found = listed[start : start + self.per_page]
        more = start + self.per_page < len(listed)
        inner = [found, [None, f"at-{start + self.per_page}"], None] if more else [found, None]
        outer = [["wrb.fr", "oCPfdb", json.dumps(inner if listed else []), None, None, None, "g"]]
        return b")]}'\n\n" + json.dumps(outer).encode()


@pytest.fixture
def google(monkeypatch):
    with vendor(Google({"en": []})) as place:
        real = google_play.Site
        monkeypatch.setattr(
            google_play, "Site", lambda label, _, *rest: real(label, place.url, *rest)
        )
        yield place


def play(**options):
    cursor = options.pop("cursor", None)
    return gathered(GOOGLE_PLAY, {"app": "com.example.shop", **options}, {}, cursor)


def keys(rows):
    return [int(row["id"].removeprefix("gp:")) for row in rows]


class TestGooglePlay:
    def test_gives_words_stars_version_and_what_was_answered(self, google):
        google.answer.reviews["en"] = [review(7, reply="We are on it.")]
        rows, _ = play()

        assert rows == [
            {
                "id": "gp:7",
                "text": "It broke 😀",
                "rating": 1,
                "rating_max": 5,
                "created_at": (SINCE + timedelta(hours=1)).isoformat(),
                "url": "https://play.google.com/store/apps/details?id=com.example.shop&reviewId=gp:7",
                "language_asked": "en",
                "version": "1.4.2",
                "reply_text": "We are on it.",
                "replied_at": 1772500000,
            }
        ]

    def test_is_asked_as_its_own_pages_ask(self, google):
        play(country="DE")

        call = google.calls[0]
        assert call.path == "/_/PlayStoreUi/data/batchexecute"
        assert call.query == {"hl": "en", "gl": "de"}
        assert b"com.example.shop" in call.body

    def test_is_read_page_by_page_and_language_by_language(self, google):
        google.answer.reviews = {
            "en": [review(n, hours=n) for n in range(10)],
            "pt-BR": [review(n, hours=n) for n in range(100, 103)],
        }
        rows, _ = play(languages="en, pt-BR")

        assert set(keys(rows)) == {*range(10), *range(100, 103)}

    def test_is_read_down_to_what_is_too_old(self, google):
        google.answer.reviews["en"] = [review(n, hours=2 - n) for n in range(40)]
        rows, _ = play()

        assert keys(rows) == [0, 1, 2]
        assert len(google.calls) == 1

    def test_is_read_again_only_as_far_as_is_new(self, google):
        google.answer.reviews["en"] = [review(n, hours=30 * n) for n in range(20)]
        _, cursor = play()
        google.calls.clear()
        google.answer.reviews["en"].append(review(99, hours=601))
        rows, _ = play(cursor=cursor)

        assert keys(rows)[0] == 99
        assert len(google.calls) <= 2

    def test_may_have_no_reviews(self, google):
        assert play()[0] == []

    def test_waits_when_google_answers_that_it_is_too_much(self, google):
        google.answer = lambda _: b')]}\'\n\n[["com.google.play.gateway.proto.PlayGatewayError"]]'
        page = GOOGLE_PLAY.gather(asked({"app": "com.example.shop"}))

        assert page.wait == timedelta(minutes=10)
        assert page.has_more

    @pytest.mark.parametrize(
        "body",
        [b"", b"<html>", b"[]", b'[[1, 2, "{}"]]', b"[" * 9999],
    )
    def test_says_so_when_its_answer_is_another(self, google, body):
        google.answer = lambda _: b")]}'\n\n" + body

        with pytest.raises(ConnectionFault, match="does not know"):
            play()

    def test_has_reviews_that_are_left_out(self, google):
        google.answer.reviews["en"] = [review(1, stars=None), review(2)]

        assert keys(play()[0]) == [2]

    @pytest.mark.parametrize("app", ["", "shop", 'com.example.shop\\"]', "../x"])
    def test_is_not_asked_for_what_is_no_app(self, google, app):
        with pytest.raises(ConnectionFault, match="no app"):
            play(app=app)

        assert google.calls == []

    def test_is_not_asked_for_what_is_no_language(self, google):
        with pytest.raises(ConnectionFault, match="no language"):
            play(languages="english")

    def test_leaves_the_check_of_certificates_as_it_was(self):
        """The library switches it off for the whole process when it is imported."""
        code = (
            "import ssl; before = ssl._create_default_https_context; "
            "import feedback.connectors.google_play; "
            "assert ssl._create_default_https_context is before; "
            "assert ssl._create_default_https_context().verify_mode == ssl.CERT_REQUIRED"
        )
        ran = subprocess.run(
            [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, check=False
        )

        assert ran.returncode == 0, ran.stderr.decode()
        assert ssl._create_default_https_context().verify_mode == ssl.CERT_REQUIRED

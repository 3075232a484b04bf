from datetime import timedelta
from email.utils import format_datetime

import pytest

from common.places import AskedToWait, ConnectionFault
from common.rest import MAX_ANSWER_BYTES, Site, many, rest_asked, web_address
from feedback.connectors.base import Gathered, patient
from tests.feedback.connectors.vendor import LOCAL, NOW, asked, vendor


def ask(place, **mends):
    return Site("The shop", place.url, {}, LOCAL, mends).get("/things", {}, now=NOW)


class TestSite:
    def test_sends_its_headers_and_query_and_reads_json(self):
        with vendor(lambda call: {"heard": call.query, "token": call.headers["x-token"]}) as place:
            site = Site("The shop", place.url + "/", {"X-Token": "t"}, LOCAL)

            told = site.get("/things", {"q": "ä b", "none": None}, now=NOW)

        assert told.data == {"heard": {"q": "ä b"}, "token": "t"}

    @pytest.mark.parametrize("status", [401, 403, 404, 410, 422])
    def test_says_what_a_person_can_do_about_a_refusal(self, status):
        with vendor(lambda _: (status, {}, {"message": "No such thing."})) as place:
            site = Site("The shop", place.url, {}, LOCAL, {status: "Look at the token."})
            with pytest.raises(ConnectionFault) as fault:
                site.get("/things", now=NOW)

        assert str(fault.value) == (
            f"The shop answered {status} (No such thing). Look at the token."
        )

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ({"errors": ["Body is too short"]}, "(Body is too short)"),
            ({"errors": [{"code": "x", "message": "Token not found"}]}, "(Token not found)"),
            ({"error": {"title": "odd"}}, "answered 400."),
            (["odd"], "answered 400."),
            (b"<html>no</html>", "answered 400."),
        ],
    )
    def test_repeats_the_places_own_words_where_it_finds_them(self, data, words):
        with (
            vendor(lambda _: (400, {}, data)) as place,
            pytest.raises(ConnectionFault) as fault,
        ):
            ask(place)

        assert words in str(fault.value)

    def test_follows_no_redirect_with_its_token(self):
        told = (301, {"Location": "https://elsewhere.example/"}, b"")
        with (
            vendor(lambda _: told) as place,
            pytest.raises(ConnectionFault, match=r"elsewhere: https://elsewhere\.example/"),
        ):
            ask(place)

        assert len(place.calls) == 1

    @pytest.mark.parametrize(
        ("status", "headers", "rest"),
        [
            (429, {"Retry-After": "90"}, timedelta(seconds=90)),
            (429, {}, timedelta(minutes=1)),
            (429, {"Retry-After": "never"}, timedelta(minutes=1)),
            (403, {"Retry-After": "60"}, timedelta(seconds=60)),
            (
                403,
                {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(NOW.timestamp() + 300)},
                timedelta(seconds=300),
            ),
        ],
    )
    def test_hears_when_it_is_asked_to_wait(self, status, headers, rest):
        with vendor(lambda _: (status, headers, {})) as place, pytest.raises(AskedToWait) as told:
            ask(place)

        assert told.value.retry_after == rest

    def test_takes_a_plain_403_for_a_refusal(self):
        with (
            vendor(lambda _: (403, {"X-RateLimit-Remaining": "4999"}, {})) as place,
            pytest.raises(ConnectionFault) as fault,
        ):
            ask(place)

        assert not isinstance(fault.value, AskedToWait)

    def test_waits_when_the_last_call_was_used_up(self):
        headers = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(NOW.timestamp() + 30)}
        with vendor(lambda _: (200, headers, [])) as place:
            assert ask(place).rest(NOW) == timedelta(seconds=30)

    def test_does_not_wait_while_calls_are_left(self):
        headers = {"RateLimit-Remaining": "7", "RateLimit-Reset": str(NOW.timestamp() + 30)}
        with vendor(lambda _: (200, headers, [])) as place:
            assert ask(place).rest(NOW) is None

    def test_says_so_when_the_answer_is_not_json(self):
        with (
            vendor(lambda _: b"<html>Sign in</html>") as place,
            pytest.raises(ConnectionFault, match="did not answer in JSON"),
        ):
            ask(place)

    def test_reads_no_more_than_it_can_take(self):
        with (
            vendor(lambda _: b"[" + b" " * (MAX_ANSWER_BYTES + 10) + b"]") as place,
            pytest.raises(ConnectionFault, match="more than 16 MB"),
        ):
            ask(place)

    def test_sends_a_token_without_the_blanks_it_was_copied_with(self):
        with vendor(lambda call: call.headers["x-token"]) as place:
            site = Site("The shop", place.url, {"X-Token": " t\n"}, LOCAL)

            assert site.get("/", now=NOW).data == "t"

    @pytest.mark.parametrize("token", ["t\u200bt", "t\nX-Other: y", "t\x00"])
    def test_says_so_when_a_token_cannot_be_one(self, token):
        site = Site("The shop", "http://127.0.0.1:1", {"X-Token": token}, LOCAL)

        with pytest.raises(ConnectionFault, match="no token has"):
            site.get("/", now=NOW)

    def test_calls_nobody_in_the_own_network_unless_that_is_allowed(self):
        with vendor(lambda _: []) as place, pytest.raises(ConnectionFault, match="own network"):
            Site("The shop", place.url).get("/things", now=NOW)

        assert place.calls == []

    def test_says_so_when_a_place_is_out_of_order(self):
        with (
            vendor(lambda _: (503, {"Retry-After": "120"}, b"")) as place,
            pytest.raises(ConnectionFault, match="problem of its own") as fault,
        ):
            ask(place)

        assert fault.value.retry_after == timedelta(seconds=120)


class TestMany:
    def test_leaves_out_what_is_no_object(self):
        with vendor(lambda _: [{"id": 1}, None, "x", 3]) as place:
            site = Site("The shop", place.url, {}, LOCAL)

            assert many(site.get("/", now=NOW), site) == [{"id": 1}]

    @pytest.mark.parametrize("data", [{}, None, "x", 3, {"things": {}}])
    def test_refuses_what_is_no_list(self, data):
        with vendor(lambda _: data) as place:
            site = Site("The shop", place.url, {}, LOCAL)
            with pytest.raises(ConnectionFault, match="something else than a list"):
                many(site.get("/", now=NOW), site, "things")


class TestPatient:
    def test_goes_on_from_the_same_place_when_it_is_asked_to_wait(self):
        def gather(_):
            raise AskedToWait("Wait.", retry_after=timedelta(seconds=40))

        page = patient(gather)(asked(cursor={"page": 3}))

        assert page == Gathered([], {"page": 3}, has_more=True, wait=timedelta(seconds=40))


class TestRestAsked:
    @pytest.mark.parametrize(
        ("headers", "rest"),
        [
            ({"retry-after": format_datetime(NOW + timedelta(minutes=2))}, timedelta(minutes=2)),
            ({"ratelimit-reset": "21"}, timedelta(seconds=21)),
            ({"x-ratelimit-reset": str(NOW.timestamp() - 50)}, timedelta(seconds=1)),
            ({"retry-after": "99999999"}, timedelta(days=1)),
            ({"retry-after": "nan"}, None),
            ({"x-ratelimit-reset": "1e400"}, None),
            ({}, None),
        ],
    )
    def test_reads_every_way_to_say_it(self, headers, rest):
        assert rest_asked(headers, NOW) == rest


class TestWebAddress:
    @pytest.mark.parametrize(
        ("given", "address"),
        [
            ("https://forum.example.com/", "https://forum.example.com"),
            ("forum.example.com", "https://forum.example.com"),
            ("http://10.0.0.5:3000/forum/", "http://10.0.0.5:3000/forum"),
            ("", "https://api.example.com"),
        ],
    )
    def test_is_read_however_it_is_written(self, given, address):
        assert web_address({"base": given}, "base", "https://api.example.com") == address

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from common.places import ConnectionFault
from common.webhooks import SENTRY as SIGNED_BY_SENTRY
from feedback.connectors.base import NotFeedback
from feedback.connectors.paging import written
from feedback.connectors.sentry import PAGE, SENTRY
from tests.deployments.real_data import real_data
from tests.feedback.connectors.vendor import SINCE, asked, gathered, heard, vendor


def report(number, *, hours=1, **facts):
    """A crash report as docs.sentry.io shows it."""
    return {
        "id": str(number),
        "eventID": f"{number:032x}",
        "name": "Rose",
        "email": "rose@example.com",
        "comments": "It broke!",
        "dateCreated": written(SINCE + timedelta(hours=hours)),
        "event": {"id": None, "eventID": f"{number:032x}"},
        "issue": None,
        "user": None,
        **facts,
    }


def issue(number, *, hours=1, **facts):
    """What somebody wrote in the widget, as the API lists it."""
    return {
        "id": str(number),
        "shortId": f"SHOP-{number}",
        "title": "User Feedback",
        "permalink": f"https://example.sentry.io/issues/{number}/",
        "firstSeen": written(SINCE + timedelta(hours=hours)),
        "lastSeen": written(SINCE + timedelta(hours=hours)),
        "issueCategory": "feedback",
        "metadata": {
            "title": "User Feedback",
            "message": "I cannot pay 😀",
            "contact_email": "rose@example.com",
            "name": "Rose",
        },
        **facts,
    }


@dataclass
class Sentry:
    """Lists the newest first, and links to the next page by a cursor, as Sentry does."""

    issues: list = field(default_factory=list)
    reports: list = field(default_factory=list)
    release: str = "shop-web@1.4.2"

    def __call__(self, call):
        if "/events/" in call.path:
            if not self.release:
                return 404, {}, {"detail": "Event not found"}
            tags = [{"key": "environment", "value": "production"}]
            return {"release": {"version": self.release}, "tags": tags}
        if call.path.endswith("/user-feedback/"):
            listed, time = self.reports, "dateCreated"
        else:
            assert call.query["query"] == "issue.category:feedback"
            listed, time = self.issues, "firstSeen"
        listed = sorted(listed, key=lambda one: one[time], reverse=True)
        start = int(call.query.get("cursor", "0:0:0").split(":")[1]) * PAGE
        more = "true" if start + PAGE < len(listed) else "false"
        home = "https://sentry.io/api/0/"
        link = (
            f'<{home}?cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", '
            f'<{home}>; rel="next"; results="{more}"; cursor="0:{start // PAGE + 1}:0"'
        )
        return 200, {"Link": link}, listed[start : start + PAGE]


def gather(place, **options):
    cursor = options.pop("cursor", None)
    given = {"organization": "example", "project": "shop", "base_url": place.url, **options}
    return gathered(SENTRY, given, {"token": "t"}, cursor)


class TestGather:
    def test_makes_what_was_written_in_the_widget_a_row_with_its_release(self):
        with vendor(Sentry([issue(5)])) as place:
            rows, _ = gather(place)

        assert rows == [
            {
                "id": f"{place.url.removeprefix('http://')}:issue:5",
                "text": "I cannot pay 😀",
                "created_at": issue(5)["firstSeen"],
                "url": "https://example.sentry.io/issues/5/",
                "customer": {"name": "Rose", "email": "rose@example.com"},
                "version": "1.4.2",
                "environment": "production",
            }
        ]
        assert place.calls[0].headers["authorization"] == "Bearer t"

    def test_makes_a_crash_report_a_row_with_its_release(self):
        with vendor(Sentry([], [report(5)], release="1.5.0")) as place:
            (row,), _ = gather(place)

        assert row["id"].endswith(":report:5")
        assert (row["text"], row["version"]) == ("It broke!", "1.5.0")
        assert place.calls[-1].path.endswith(f"/events/{5:032x}/")

    def test_reads_both_lists_to_their_ends(self):
        sentry = Sentry(
            [issue(n, hours=n) for n in range(2 * PAGE + 3)],
            [report(n, hours=n) for n in range(PAGE + 2)],
        )
        with vendor(sentry) as place:
            rows, _ = gather(place)

        assert len({row["id"] for row in rows}) == 3 * PAGE + 5

    def test_reads_only_what_is_new_the_next_time(self):
        sentry = Sentry([issue(n, hours=n) for n in range(60)])
        with vendor(sentry) as place:
            _, cursor = gather(place)
            sentry.issues.append(issue(99, hours=99))
            rows, _ = gather(place, cursor=cursor)

        assert [row["id"].rpartition(":")[2] for row in rows] == ["99", "59"]

    def test_does_without_the_release_when_the_event_is_gone(self):
        with vendor(Sentry([issue(1)], release="")) as place:
            (row,), _ = gather(place)

        assert "version" not in row

    @pytest.mark.parametrize("facts", [{"metadata": {}}, {"issueCategory": "error"}, {"id": None}])
    def test_skips_what_nobody_wrote(self, facts):
        with vendor(Sentry([issue(1, **facts), issue(2)])) as place:
            assert [row["id"][-1] for row in gather(place)[0]] == ["2"]

    def test_takes_nothing_older_than_is_wanted(self):
        with vendor(Sentry([issue(1), issue(2, hours=-5)])) as place:
            assert [row["id"][-1] for row in gather(place)[0]] == ["1"]

    def test_waits_when_sentry_asks_for_it_between_two_releases(self):
        sentry = Sentry([issue(1), issue(2)])

        def answer(call):
            return (429, {"Retry-After": "5"}, {}) if "/events/" in call.path else sentry(call)

        with vendor(answer) as place:
            options = {"organization": "example", "project": "shop", "base_url": place.url}
            page = SENTRY.gather(asked(options))

        assert (page.rows, page.cursor, page.wait) == ([], {}, timedelta(seconds=5))

    @pytest.mark.parametrize(
        ("status", "mend"), [(401, "make a new one"), (403, "event:read"), (404, "short names")]
    )
    def test_says_how_to_mend_a_refusal(self, status, mend):
        with (
            vendor(lambda _: (status, {}, {"detail": "no"})) as place,
            pytest.raises(ConnectionFault, match=mend),
        ):
            gather(place)

    @pytest.mark.parametrize("name", ["", "a/b", "a b"])
    def test_asks_for_no_project_that_is_none(self, name):
        with vendor(Sentry()) as place, pytest.raises(ConnectionFault, match="no project"):
            gather(place, project=name)


def read(body):
    event = SENTRY.event({"sentry-hook-resource": "issue"}, body)
    return SENTRY.read(heard(event, body))


class TestRead:
    def test_reads_what_was_written_in_the_widget(self):
        (row,) = read({"action": "created", "data": {"issue": issue(5)}})

        assert row["id"] == "sentry.io:issue:5"
        assert row["text"] == "I cannot pay 😀"

    @pytest.mark.parametrize(
        "body",
        [
            None,
            {"action": "resolved", "data": {"issue": issue(5)}},
            {"action": "created", "data": {"issue": issue(5, metadata=None)}},
            {"action": "created", "data": {"issue": [5]}},
        ],
    )
    def test_says_why_nothing_was_said(self, body):
        with pytest.raises(NotFeedback):
            read(body)

    def test_takes_no_error_that_sentry_really_sent_for_feedback(self):
        calls = real_data("sentry.jsonl.gz")

        assert len(calls) > 10
        for call in calls:
            with pytest.raises(NotFeedback):
                read(json.loads(call["body_raw"]))

    def test_is_signed_as_sentry_signs(self):
        assert SENTRY.schemes == (SIGNED_BY_SENTRY,)
        assert SENTRY.call_id({"request-id": "abc"}, {}) == "abc"

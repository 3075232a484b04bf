import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from common.places import ConnectionFault
from common.webhooks import NotSigned, SignedCall, check_signature
from feedback.connectors.base import NotFeedback
from feedback.connectors.github_issues import GITHUB_ISSUES, PAGE
from feedback.connectors.paging import written
from tests.deployments.real_data import real_data
from tests.feedback.connectors.vendor import (
    NOW,
    SINCE,
    answering,
    asked,
    gathered,
    heard,
    vendor,
)

REPOSITORY = "example/shop"


def issue(number, *, minutes=0, **facts):
    at = written(SINCE + timedelta(days=1, minutes=minutes))
    return {
        "id": 1000 + number,
        "number": number,
        "title": f"Trouble {number}",
        "body": "When I pay.",
        "user": {"login": "rose", "id": 7, "type": "User"},
        "labels": [],
        "author_association": "NONE",
        "created_at": at,
        "updated_at": at,
        "html_url": f"https://github.com/{REPOSITORY}/issues/{number}",
        **facts,
    }


def comment(number, *, on=1, minutes=0, **facts):
    kind = facts.pop("kind", "issues")
    url = f"https://github.com/{REPOSITORY}/{kind}/{on}#issuecomment-{number}"
    return {**issue(number, minutes=minutes, **facts), "html_url": url}


@dataclass
class GitHub:
    """Sorts, filters and pages issues as GitHub does."""

    issues: list = field(default_factory=list)
    comments: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)
    meanwhile: object = None  # called after each answer

    def __call__(self, call):
        if call.method == "POST":
            url = f"https://github.com/{REPOSITORY}/issues/1#issuecomment-5"
            return 201, {}, {"id": 5, "html_url": url}
        listed = {
            f"/repos/{REPOSITORY}/issues": self.issues,
            f"/repos/{REPOSITORY}/issues/comments": self.comments,
        }.get(call.path)
        if listed is None:
            return 404, {}, {"message": "Not Found"}
        found = sorted(
            (i for i in listed if i["updated_at"] >= call.query["since"]),
            key=lambda i: i["updated_at"],
        )
        size, page = int(call.query["per_page"]), int(call.query.get("page", 1))
        answer = 200, self.headers, found[(page - 1) * size : page * size]
        if self.meanwhile:
            self.meanwhile()
        return answer


def gather(place, **options):
    cursor = options.pop("cursor", None)
    given = {"repository": REPOSITORY, "base_url": place.url, **options}
    return gathered(GITHUB_ISSUES, given, {"token": "t"}, cursor)


def ids(rows):
    return [int(row["id"].rpartition("#")[2]) for row in rows]


class TestGather:
    def test_makes_an_issue_a_row(self):
        github = GitHub([issue(3, body="When I pay 😀.", labels=[{"name": "v1.4.2"}])])
        with vendor(github) as place:
            rows, _ = gather(place)

        assert rows == [
            {
                "id": "example/shop#3",
                "text": "Trouble 3\n\nWhen I pay 😀.",
                "created_at": issue(3)["created_at"],
                "url": "https://github.com/example/shop/issues/3",
                "customer": {"id": "github.com:7", "name": "rose"},
                "answer_to": {"repository": "example/shop", "number": 3},
                "labels": ["v1.4.2"],
                "version": "v1.4.2",
            }
        ]

    def test_asks_as_github_wants_it(self):
        with vendor(GitHub()) as place:
            gather(place)

        call = place.calls[0]
        assert call.query["since"] == written(SINCE)
        assert call.query["state"] == "all"
        assert call.headers["authorization"] == "Bearer t"
        assert call.headers["accept"] == "application/vnd.github+json"

    def test_asks_a_public_repository_without_a_token(self):
        with vendor(GitHub()) as place:
            GITHUB_ISSUES.gather(asked({"repository": REPOSITORY, "base_url": place.url}))

        assert "authorization" not in place.calls[0].headers

    def test_reads_page_after_page(self):
        with vendor(GitHub([issue(n, minutes=n) for n in range(3 * PAGE)])) as place:
            rows, _ = gather(place)

        assert set(ids(rows)) == set(range(3 * PAGE))

    def test_reads_more_changes_of_one_second_than_fit_a_page(self):
        with vendor(GitHub([issue(n) for n in range(2 * PAGE + 5)])) as place:
            rows, _ = gather(place)

        assert set(ids(rows)) == set(range(2 * PAGE + 5))

    def test_loses_nothing_when_issues_change_while_it_reads(self):
        github = GitHub([issue(n, minutes=n) for n in range(3 * PAGE)])
        later = iter(range(10_000, 10_050))

        def touch():
            minutes = next(later)
            for one in github.issues[:10]:
                one["updated_at"] = written(SINCE + timedelta(days=1, minutes=minutes))

        github.meanwhile = touch
        with vendor(github) as place:
            rows, _ = gather(place)

        assert set(ids(rows)) == set(range(3 * PAGE))

    def test_goes_on_from_its_cursor(self):
        github = GitHub([issue(n, minutes=n) for n in range(5)])
        with vendor(github) as place:
            _, cursor = gather(place)
            github.issues.append(issue(9, minutes=60))
            github.issues[0] |= {
                "title": "Edited",
                "updated_at": issue(0, minutes=61)["updated_at"],
            }
            rows, _ = gather(place, cursor=cursor)

        # The last of before is read again: it may have changed twice within its second.
        assert ids(rows) == [4, 9, 0]
        assert rows[-1]["text"].startswith("Edited")

    def test_takes_no_old_issue_that_was_merely_touched(self):
        old = issue(1, created_at="2020-01-01T00:00:00Z")
        with vendor(GitHub([old, issue(2)])) as place:
            assert ids(gather(place)[0]) == [2]

    @pytest.mark.parametrize(
        "facts",
        [
            {"pull_request": {"url": "x"}},
            {"user": {"login": "renovate[bot]", "type": "Bot", "id": 1}},
            {"title": None, "body": None},
            {"id": None},
        ],
    )
    def test_skips_what_no_customer_said(self, facts):
        with vendor(GitHub([issue(1, **facts), issue(2)])) as place:
            assert ids(gather(place)[0]) == [2]

    def test_reads_an_issue_of_a_deleted_account(self):
        with vendor(GitHub([issue(1, user=None)])) as place:
            rows, _ = gather(place)

        assert "customer" not in rows[0]

    def test_takes_only_outsiders_if_that_is_chosen(self):
        team = issue(1, author_association="MEMBER")
        with vendor(GitHub([team, issue(2)])) as place:
            assert ids(gather(place, authors="outsiders")[0]) == [2]
            assert ids(gather(place)[0]) == [1, 2]

    def test_takes_only_chosen_labels(self):
        labelled = issue(1, labels=[{"name": "Customer"}])
        with vendor(GitHub([labelled, issue(2)])) as place:
            assert ids(gather(place, labels="customer, complaint")[0]) == [1]

    def test_reads_comments_of_outsiders_if_that_is_chosen(self):
        comments = [
            comment(11, minutes=1, body="Me too"),
            comment(12, minutes=2, author_association="OWNER"),
            comment(13, minutes=3, kind="pull"),
        ]
        github = GitHub([issue(1)], [{**one, "title": None} for one in comments])
        with vendor(github) as place:
            rows, cursor = gather(place, comments="outsiders")
            again, _ = gather(place, comments="outsiders", cursor=cursor)

        assert [row["id"] for row in rows] == ["example/shop#1", "example/shop#1-comment-1011"]
        assert rows[1]["text"] == "Me too"
        assert (
            rows[1]["url"].endswith("/issues/1#issuecomment-1011")
            or "issuecomment" in rows[1]["url"]
        )
        assert rows[1]["answer_to"] == {"repository": REPOSITORY, "number": 1}
        assert [row["id"] for row in again] == ["example/shop#1"]

    def test_waits_when_github_allows_no_more_calls(self):
        reset = str(int(NOW.timestamp()) + 600)
        limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        with vendor(GitHub([issue(1)], headers=limits)) as place:
            page = GITHUB_ISSUES.gather(asked({"repository": REPOSITORY, "base_url": place.url}))

        assert page.wait == timedelta(minutes=10)
        assert ids(page.rows) == [1]

    def test_keeps_its_place_when_it_is_refused_as_too_fast(self):
        with vendor(lambda _: (403, {"Retry-After": "60"}, {"message": "secondary"})) as place:
            options = {"repository": REPOSITORY, "base_url": place.url}
            page = GITHUB_ISSUES.gather(asked(options, cursor={"turn": "issues"}))

        assert (page.rows, page.cursor, page.has_more) == ([], {"turn": "issues"}, True)
        assert page.wait == timedelta(seconds=60)

    @pytest.mark.parametrize(
        ("status", "mend"),
        [
            (301, "renamed"), (401, "make a new one"), (403, "permission Issues"),
            (404, "owner and name"), (410, "switched off"),
        ],
    )  # fmt: skip
    def test_says_how_to_mend_a_refusal(self, status, mend):
        told = (status, {}, {"message": "no"})
        with vendor(lambda _: told) as place, pytest.raises(ConnectionFault, match=mend):
            gather(place)

    @pytest.mark.parametrize("name", ["shop", "a/b/c", "../x", "a/..", "", "a/b?x=1"])
    def test_asks_for_no_repository_that_is_none(self, name):
        with vendor(GitHub()) as place, pytest.raises(ConnectionFault, match="no repository"):
            gather(place, repository=name)

        assert place.calls == []

    @pytest.mark.parametrize(
        "name", ["https://github.com/example/shop", "example/shop.git", "example/shop/"]
    )
    def test_finds_the_repository_in_its_address(self, name):
        with vendor(GitHub([issue(1)])) as place:
            assert ids(gather(place, repository=name)[0]) == [1]


def read(event, body, **options):
    return GITHUB_ISSUES.read(heard(event, body, options))


class TestRead:
    def test_makes_the_same_row_as_gathering(self):
        one = issue(3, labels=[{"name": "v1.4.2"}])
        with vendor(GitHub([one])) as place:
            rows, _ = gather(place)

        assert read("issues", {"action": "opened", "issue": one}) == rows

    def test_reads_an_edit_as_the_same_feedback(self):
        first = read("issues", {"action": "opened", "issue": issue(1)})
        edited = read("issues", {"action": "edited", "issue": issue(1, title="Worse")})

        assert first[0]["id"] == edited[0]["id"]
        assert edited[0]["text"].startswith("Worse")

    def test_names_the_host_of_an_issue_that_is_not_on_github_com(self):
        url = "https://github.example.com/example/shop/issues/1"
        (row,) = read("issues", {"action": "opened", "issue": issue(1, html_url=url)})

        assert row["id"] == "github.example.com/example/shop#1"

    @pytest.mark.parametrize("action", ["closed", "deleted", "transferred", "assigned", ""])
    def test_says_why_nothing_new_was_said(self, action):
        with pytest.raises(NotFeedback):
            read("issues", {"action": action, "issue": issue(1)})

    @pytest.mark.parametrize("body", [None, [], "x", {}, {"action": "opened", "issue": "x"}])
    def test_is_not_upset_by_an_odd_call(self, body):
        with pytest.raises(NotFeedback):
            read("issues", body)

    def test_reads_comments_only_if_that_is_chosen(self):
        body = {"action": "created", "issue": issue(1), "comment": comment(2)}

        assert read("issue_comment", body, comments="outsiders")
        with pytest.raises(NotFeedback, match="settings"):
            read("issue_comment", body)

    def test_reads_the_calls_that_github_documents(self):
        told = []
        for call in real_data("github.jsonl.gz"):
            if call["event"] in ("issues", "issue_comment"):
                try:
                    rows = read(call["event"], json.loads(call["body_raw"]), comments="outsiders")
                except NotFeedback:
                    continue
                told += [(call["name"], row) for row in rows]

        assert len(told) >= 8
        names = {name for name, _ in told}
        assert {"opened.payload", "edited.payload", "reopened.payload"} <= names
        row = dict(told)["opened.payload"]
        assert row["id"] == "Codertocat/Hello-World#1"
        assert row["text"].startswith("Spelling error in the README file\n\nIt looks like")
        assert row["customer"] == {"id": "github.com:21031067", "name": "Codertocat"}

    def test_reads_a_real_delivery_by_its_headers(self):
        call = next(
            c for c in real_data("github-with-headers.jsonl.gz") if c["event"] == "issue_comment"
        )
        body = json.loads(call["body_raw"])

        assert GITHUB_ISSUES.event(call["headers"], body) == "issue_comment"
        assert GITHUB_ISSUES.call_id(call["headers"], body) == call["headers"]["x-github-delivery"]
        with pytest.raises(NotFeedback, match="team"):  # it is by the owner
            read("issue_comment", body, comments="outsiders")

    def test_believes_only_what_is_signed(self):
        body = b'{"action": "opened"}'
        mac = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
        good = SignedCall({"x-hub-signature-256": f"sha256={mac}"}, body, NOW)
        bad = SignedCall({"x-hub-signature-256": f"sha256={mac}"}, body + b" ", NOW)

        check_signature(good, ["secret"], GITHUB_ISSUES.schemes)
        with pytest.raises(NotSigned):
            check_signature(bad, ["secret"], GITHUB_ISSUES.schemes)


class TestAnswer:
    def test_comments_on_the_issue(self):
        with vendor(GitHub()) as place:
            to = {"repository": REPOSITORY, "number": 12}
            told = GITHUB_ISSUES.answer(
                answering("Fixed in 1.5 🎉", to, {"base_url": place.url}, {"token": "t"})
            )

        assert told == "https://github.com/example/shop/issues/1#issuecomment-5"
        assert place.calls[0].path == "/repos/example/shop/issues/12/comments"
        assert place.calls[0].json == {"body": "Fixed in 1.5 🎉"}

    def test_needs_a_token(self):
        with pytest.raises(ConnectionFault, match="no token"):
            GITHUB_ISSUES.answer(answering("x", {"repository": REPOSITORY, "number": 1}, {}))

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from common.places import ConnectionFault
from common.webhooks import NotSigned, SignedCall, check_signature
from feedback.connectors.base import NotFeedback
from feedback.connectors.gitlab_issues import GITLAB_ISSUES, PAGE
from feedback.connectors.paging import written
from tests.deployments.real_data import real_data
from tests.feedback.connectors.vendor import NOW, SINCE, answering, asked, gathered, heard, vendor

HOME = "https://gitlab.com/group/shop/-/issues"


def issue(number, *, minutes=0, **facts):
    at = written(SINCE + timedelta(days=1, minutes=minutes, milliseconds=250))
    return {
        "id": 1000 + number,
        "iid": number,
        "project_id": 14,
        "title": f"Trouble {number}",
        "description": "When I pay.",
        "author": {"id": 7, "username": "rose", "name": "Rose"},
        "labels": [],
        "confidential": False,
        "created_at": at,
        "updated_at": at,
        "web_url": f"{HOME}/{number}",
        **facts,
    }


at = datetime.fromisoformat


@dataclass
class GitLab:
    """Sorts, filters and pages issues as GitLab does."""

    issues: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)

    def __call__(self, call):
        if call.method == "POST":
            return 201, {}, {"id": 301, "body": call.json["body"]}
        found = sorted(
            (i for i in self.issues if at(i["updated_at"]) >= at(call.query["updated_after"])),
            key=lambda i: i["updated_at"],
        )
        size, page = int(call.query["per_page"]), int(call.query.get("page", 1))
        return 200, self.headers, found[(page - 1) * size : page * size]


def gather(place, **options):
    cursor = options.pop("cursor", None)
    given = {"project": "group/shop", "base_url": place.url, **options}
    return gathered(GITLAB_ISSUES, given, {"token": "t"}, cursor)


def numbers(rows):
    return [int(row["id"].rpartition("#")[2]) for row in rows]


class TestGather:
    def test_makes_an_issue_a_row(self):
        with vendor(
            GitLab([issue(3, description="السلام عليكم", labels=["version: 1.4"])])
        ) as place:
            rows, _ = gather(place)

        assert rows == [
            {
                "id": "group/shop#3",
                "text": "Trouble 3\n\nالسلام عليكم",
                "created_at": issue(3)["created_at"],
                "url": f"{HOME}/3",
                "customer": {"id": "gitlab.com:7", "name": "Rose"},
                "labels": ["version: 1.4"],
                "version": "1.4",
                "answer_to": {"project": "14", "number": "3"},
            }
        ]

    def test_asks_for_the_project_by_its_path(self):
        with vendor(GitLab()) as place:
            gather(place)

        assert place.calls[0].path == "/api/v4/projects/group%2Fshop/issues"
        assert place.calls[0].headers["private-token"] == "t"

    def test_reads_all_pages_and_then_only_what_changed(self):
        gitlab = GitLab([issue(n, minutes=n // 60) for n in range(2 * PAGE + 3)])
        with vendor(gitlab) as place:
            rows, cursor = gather(place)
            gitlab.issues.append(issue(900, minutes=100))
            more, _ = gather(place, cursor=cursor)

        assert set(numbers(rows)) == set(range(2 * PAGE + 3))
        assert 900 in numbers(more)
        assert len(more) < PAGE

    @pytest.mark.parametrize(
        "facts",
        [
            {"confidential": True},
            {"author": {"id": 1, "username": "project_14_bot_ab12", "name": "bot"}},
            {"author": {"id": 1, "username": "alert-bot"}},
            {"created_at": "2020-01-01T00:00:00Z"},
            {"title": "", "description": None},
        ],
    )
    def test_skips_what_no_customer_said_to_everybody(self, facts):
        with vendor(GitLab([issue(1, **facts), issue(2)])) as place:
            assert numbers(gather(place)[0]) == [2]

    def test_reads_a_mail_to_the_service_desk(self):
        mail = issue(
            1,
            confidential=True,
            author={"id": 1, "username": "support-bot"},
            service_desk_reply_to="rose@example.com",
        )
        with vendor(GitLab([mail])) as place:
            rows, _ = gather(place)

        assert rows[0]["customer"] == {"email": "rose@example.com"}

    def test_takes_only_chosen_labels(self):
        with vendor(GitLab([issue(1, labels=["Customer"]), issue(2)])) as place:
            assert numbers(gather(place, labels="customer")[0]) == [1]

    def test_waits_as_long_as_gitlab_asks(self):
        limits = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(NOW.timestamp()) + 45)}
        with vendor(GitLab([], limits)) as place:
            page = GITLAB_ISSUES.gather(asked({"project": "14", "base_url": place.url}))

        assert page.wait == timedelta(seconds=45)

    @pytest.mark.parametrize(
        ("status", "mend"), [(401, "make a new one"), (403, "read_api"), (404, "path")]
    )
    def test_says_how_to_mend_a_refusal(self, status, mend):
        told = (status, {}, {"message": "no"})
        with vendor(lambda _: told) as place, pytest.raises(ConnectionFault, match=mend):
            gather(place)

    @pytest.mark.parametrize("name", ["", "shop", "../../x?", "a b/c"])
    def test_asks_for_no_project_that_is_none(self, name):
        with vendor(GitLab()) as place, pytest.raises(ConnectionFault, match="no project"):
            gather(place, project=name)


def read(body, **options):
    return GITLAB_ISSUES.read(heard("issue", body, options))


def hook(**facts):
    told = {**issue(3), "author_id": 7, "action": "open", "url": f"{HOME}/3", **facts}
    told.pop("author"), told.pop("web_url")
    return {
        "object_kind": "issue",
        "user": {"id": 7, "name": "Rose", "username": "rose", "email": "[REDACTED]"},
        "object_attributes": told,
        "labels": [{"title": "version: 1.4"}],
    }


def note(**facts):
    about = {"id": 5, "note": "Me too", "noteable_type": "Issue", "author_id": 7, "project_id": 14}
    told = {**about, "created_at": "2026-03-01 10:00:00 UTC", "url": f"{HOME}/3#note_5", **facts}
    user = {"id": 7, "name": "Rose", "username": "rose"}
    return {"object_kind": "note", "user": user, "object_attributes": told, "issue": {"iid": 3}}


class TestRead:
    def test_makes_the_same_row_as_gathering(self):
        with vendor(GitLab([issue(3, labels=["version: 1.4"])])) as place:
            rows, _ = gather(place)

        assert read(hook()) == rows

    def test_does_not_take_who_edits_for_who_wrote(self):
        rows = read(hook(author_id=99, action="update"))

        assert rows[0]["customer"] == {"id": "gitlab.com:99"}

    def test_reads_a_comment_if_that_is_chosen(self):
        rows = read(note(), comments="yes")

        assert rows[0]["id"] == "group/shop#3-note-5"
        assert rows[0]["text"] == "Me too"
        assert rows[0]["answer_to"] == {"project": "14", "number": "3"}
        with pytest.raises(NotFeedback, match="settings"):
            read(note())

    @pytest.mark.parametrize(
        "facts", [{"noteable_type": "MergeRequest"}, {"system": True}, {"internal": True}]
    )
    def test_reads_no_other_comment(self, facts):
        with pytest.raises(NotFeedback):
            read(note(**facts), comments="yes")

    @pytest.mark.parametrize("body", [None, [], {}, {"object_kind": "push"}, hook(action="close")])
    def test_says_why_nothing_new_was_said(self, body):
        with pytest.raises(NotFeedback):
            read(body)

    def test_reads_the_calls_that_gitlab_documents(self):
        calls = {c["event"]: json.loads(c["body_raw"]) for c in real_data("gitlab.jsonl.gz")}

        (opened,) = read(calls["issue"])
        (noted,) = read(calls["note_issue"], comments="yes")

        assert opened["id"] == "example.com/diaspora#23"
        assert opened["text"].startswith("New API: create/update/delete file\n\nCreate new API")
        assert opened["customer"] == {"id": "example.com:51"}
        assert noted["text"] == "Hello world"
        assert noted["id"] == "example.com/gitlab-org/gitlab-test#17-note-1241"

    def test_reads_real_deliveries(self):
        calls = {c["event"]: c for c in real_data("gitlab-with-headers.jsonl.gz")}
        call = calls["Issue Hook"]
        body = json.loads(call["body_raw"])

        (row,) = read(body)
        assert row["text"] == "test tissue"
        assert row["customer"] == {"id": "gitlab.com:13576927", "name": "Hookdeck Write"}
        assert (
            GITLAB_ISSUES.call_id(call["headers"], body) == call["headers"]["x-gitlab-event-uuid"]
        )
        with pytest.raises(NotFeedback):  # it is on a commit
            read(json.loads(calls["Note Hook"]["body_raw"]), comments="yes")

    def test_believes_only_who_knows_the_token(self):
        call = SignedCall({"x-gitlab-token": "secret"}, b"{}", NOW)

        check_signature(call, ["secret"], GITLAB_ISSUES.schemes)
        with pytest.raises(NotSigned):
            check_signature(call, ["other"], GITLAB_ISSUES.schemes)


class TestAnswer:
    def test_comments_on_the_issue(self):
        with vendor(GitLab()) as place:
            to = {"project": "14", "number": "3"}
            given = answering("Fixed", to, {"base_url": place.url}, {"token": "t"})
            assert GITLAB_ISSUES.answer(given) == "301"

        assert place.calls[0].path == "/api/v4/projects/14/issues/3/notes"
        assert place.calls[0].json == {"body": "Fixed"}

"""Erasing a customer leaves no trace: every table is filled, they go, and the dump is read."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection, models
from django.utils.html import escape

from common.mail import UnfoldedMail
from deployments.models import Change, Delivery, Hypothesis
from digest.kept import keep
from digest.models import Edition, FindingMail, Issue
from engagement.counting import count_now
from engagement.event_intake import keep_refused, record_events
from engagement.models import Event as Done
from engagement.models import EventCount, EventMetric, Metric, SeenInstrument
from engagement.segment import Spelling
from feedback.arrivals import put
from feedback.holding import hold
from feedback.intake import submit_feedback
from feedback.merging import merge
from feedback.models import (
    Arrival,
    BulkAction,
    Call,
    Connection,
    Customer,
    FeedbackEvent,
    FeedbackItem,
    Import,
    SavedView,
)
from feedback.rows import read_feedback
from feedback.sorting import settle
from learning.corrections import correct_attribution
from learning.linking import link_feedback
from learning.models import Finding, FindingEvent, Learning, Phrase, Reply
from outbound.models import Attempt, Event, Hook, Message
from privacy.erasing import erase_customer
from tests.engagement.gauges import make_feed, make_source
from tests.engagement.happenings import make_event_metric
from tests.engagement.telemetry import follow
from tests.factories import NOW, make_deployment, make_feedback, make_project

ID, NAME, MAIL = "cust-4711-quill", "Kimberly Quillfeather", "kim.quill@customers.example"
WORDS = (
    "Ever since Tuesday the marmalade checkout swallows my grandmother's postcode & keeps asking "
    "for a second umbrella before it lets anybody pay, which is maddening"
)
ITEM = "review-quill-0815"
SHORT = "Zanzibar checkout"
NEEDLES = (
    ID,
    NAME,
    MAIL,
    "anon-of-quill",
    ITEM,
    "marmalade checkout",
    "second umbrella",
    "grandmother",
    SHORT,
)
CUT = "Ever since Tuesday the marmalade checkout swallows my grandmother's postcode & keeps…"

# Text that no customer's words or names come into, and why. A new column of text is in neither
# list, and fails the test until somebody has thought about it.
FREE = {
    "accounts": "who may: the team, its keys and what it calls itself",
    "account": "sign-in of the team",
    "auth": "Django's own",
    "contenttypes": "Django's own",
    "sessions": "sign-in of the team",
    "rest_framework_api_key": "hashed keys",
    "engagement.SampleWay": "how samples came: an address of Wake's own",
    "engagement.Rollup": "numbers of everybody together",
    "engagement.Source": "how Wake gets into the team's own places",
    "engagement.InstrumentStream": "fingerprints that are gone in four days",
    "feedback.Allowance": "keyed fingerprints that are gone in minutes",
    "feedback.Erasure": "the proof: numbers only",
    "feedback.Forgotten": "keyed fingerprints",
    "feedback.Band": "numbers that words cannot be made from",
    "deployments.OtherId": "what CI calls a ship",
    "deployments.Shipper": "the team",
    "deployments.HypothesisEdit": "the team's numbers",
    "deployments.Checkup": "appointments",
    "deployments.Webhook": "how CI reaches Wake",
    "learning.Tag": "the team's words for their learnings",
    "learning.AttributionFit": "weights",
    "learning.Correction": "no text",
    "learning.FindingNotice": "the team",
    "learning.FindingChoice": "the team",
    "learning.ImpactEstimate": "numbers of everybody together",
    "learning.Untouched": "metrics",
    "learning.PlaceboRecord": "numbers of everybody together",
    "learning.Rerun": "numbers of everybody together",
    "learning.RerunPart": "ids of checkups, and numbers of everybody together",
    "learning.Recalculated": "numbers of everybody together",
    "digest.Subscription": "the team, and readers who said yes",
    "digest.BounceMailbox": "the host's own mailbox, and how far it was read",
    "digest.AddressAsked": "keyed fingerprints of readers",
    "digest.Channel": "where the team chats",
    "digest.ChartPicture": "numbers of everybody together, and the names of metrics and ships",
    "digest.IssueChart": "fingerprints of pictures",
    "digest.ShareLink": "hashed secrets",
    "digest.FeedLink": "hashed secrets",
    "outbound.Hook": "where other programs are",
}
FILLED = {
    "feedback.Customer", "feedback.FeedbackItem", "feedback.FeedbackEvent", "feedback.Call",
    "feedback.Arrival", "feedback.Connection", "feedback.BulkAction", "feedback.SavedView",
    "feedback.Import",
    "deployments.Deployment", "deployments.Change", "deployments.Delivery",
    "engagement.Event", "engagement.EventReceipt", "engagement.SameUser",
    "engagement.RefusedEvent", "engagement.EventCount", "engagement.VersionUse",
    "engagement.EventMetric", "engagement.Metric", "engagement.Feed",
    "engagement.FollowedInstrument", "engagement.SeenInstrument",
    "deployments.Hypothesis", "learning.Attribution", "learning.Learning", "learning.Finding",
    "learning.FindingEvent",
    "learning.Phrase", "learning.Reply", "digest.Issue", "digest.FindingMail",
    "digest.KeptMail", "digest.Edition", "outbound.Message",
    "outbound.Attempt",
}  # fmt: skip
TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.FileField)


def test_every_table_with_text_is_filled_or_known_to_be_free():
    unknown = [
        model._meta.label
        for model in apps.get_models()
        if any(isinstance(field, TEXTS) for field in model._meta.concrete_fields)
        and not {model._meta.label, model._meta.app_label} & {*FREE, *FILLED}
    ]

    assert unknown == []


@pytest.fixture
def kim(shop, ada, tmp_path, settings):
    """A customer who is everywhere."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    ship = make_deployment(shop, "2.4.0", shipped_at=NOW - timedelta(days=3), fixes=(ITEM,))
    tracker = Connection.objects.create(
        project=shop, kind="github", name="Ours", created_at=NOW, cursor={"last": ITEM},
        problem=f"No row for {MAIL}", bad_rows=[{"id": ITEM, "message": f"{NAME}?"}],
    )  # fmt: skip
    row = {
        "id": ITEM, "text": WORDS, "rating": 1, "version": "2.4.0", "source": "github",
        "customer": {"id": ID, "name": NAME, "email": MAIL}, "url": f"https://x.example/{ID}",
        "reply_text": f"Dear {NAME}, thank you",
        "created_at": (NOW - timedelta(hours=9)).isoformat(),
        "phone_of": NAME, "answer_to": {"mail": MAIL},
    }  # fmt: skip
    submit_feedback(project=shop, rows=[row], now=NOW, connection=tracker)
    first = FeedbackItem.objects.get()
    short = make_feedback(shop, SHORT, customer=ID, id="quill-short-22")
    other = make_feedback(shop, WORDS, customer=MAIL, source="mail", id="mail-of-quill")
    assert other.merged_into == first
    stays = make_feedback(shop, "The umbrella stand is fine", customer="sam", id="sam-1")
    merge(stays, into=short, by=ada, now=NOW)
    make_feedback(shop, f"My friend {MAIL} told me so", customer="sam", id="sam-2")
    hold(other, because="It looked like spam", by=ada, now=NOW)
    link_feedback(shop, now=NOW)
    correct_attribution(first, deployment=ship, by=ada, now=NOW)
    _fill_history(shop, ada, first, stays)
    _fill_calls(shop, tracker)
    _fill_what_wake_says(shop, ada, ship, first)
    _fill_what_others_were_told(shop)
    _fill_what_was_done(shop)
    _fill_what_is_measured(shop)
    _fill_journal(shop)
    return Customer.objects.get(external_id=ID)


def _fill_journal(shop):
    row = {"id": "waits-of-quill", "text": f"{WORDS} still", "customer": {"id": ID, "name": NAME}}
    put(shop.pk, [read_feedback(row, now=NOW)], now=NOW)
    Arrival.objects.create(
        id=10**9, project=shop, source="api", external_id="stuck-of-quill", received_at=NOW,
        said=json.dumps({"text": WORDS, "customer": [ID, NAME, MAIL], "nobody_knows": 1}),
        put_by=0, tries=1, due_at=NOW + timedelta(days=1), problem="TypeError",
    )  # fmt: skip


def _fill_history(shop, ada, first, stays):
    FeedbackEvent.objects.create(
        feedback=first, kind="note", by=ada, happened_at=NOW, text=f"{NAME} called again"
    )
    FeedbackEvent.objects.create(
        feedback=stays, kind="note", by=ada, happened_at=NOW, text=f"Same as {ITEM} of {MAIL}"
    )
    query = f"q={MAIL.replace('@', '%40')}&source=github"
    SavedView.objects.create(project=shop, owner=ada, name=NAME, query=query, created_at=NOW)
    BulkAction.objects.create(project=shop, by=ada, action="close", query=query, created_at=NOW)
    held = Import(project=shop, user=ada, name=f"{NAME}.csv", report={"errors": [{"m": MAIL}]})
    held.file.save("f.csv", ContentFile(f"text,customer\n{SHORT},{MAIL}\n".encode()), save=True)


def _fill_calls(shop, tracker):
    told = {"issue": {"body": WORDS, "user": {"login": ID, "name": NAME}, "n": 7}}
    for body in (json.dumps(told), json.dumps(told, ensure_ascii=False), f"mail={MAIL}"):
        Call.objects.create(
            connection=tracker, body=body.encode(), call_id=ITEM, headers={"x-who": MAIL},
            reason=f"{NAME} is unknown", received_at=NOW,
        )  # fmt: skip
        Delivery.objects.create(
            project=shop, provider="github", body=body.encode(), headers={"x-who": MAIL},
            reason=f"{NAME} is unknown", received_at=NOW, outcome="ignored",
        )  # fmt: skip


def _fill_what_wake_says(shop, ada, ship, first):
    ship.notes, ship.title = f"Fixes what {MAIL} said", f"For {NAME}"
    ship.extra = {"asked_by": ID}
    ship.save()
    Change.objects.create(
        deployment=ship,
        kind="commit",
        ref="abc",
        message=f"Mend it\n\nReported-by: {NAME} <{MAIL}>",
    )
    Hypothesis.objects.filter(deployment=ship).delete()
    from tests.factories import make_metric

    Hypothesis.objects.create(
        deployment=ship, metric=make_metric(shop), direction="up", min_effect=0.1,
        because=f"{NAME} said “{CUT}”", stated_at=NOW,
    )  # fmt: skip
    Learning.objects.create(
        project=shop, deployment=ship, verdict="supported", headline=f"“{SHORT}” is mended",
        evidence=f"Customers said 3 things about it.\n“{CUT}”\n“{SHORT}”", method="x",
        takeaway=f"{NAME} was right", drafted_at=NOW, due_at=NOW,
    )  # fmt: skip
    finding = Finding.objects.create(
        project=shop, deployment=ship, kind="said_by_several", key="second umbrella before it lets",
        headline=f"Several say “{CUT}”", evidence={"quotes": [{"text": CUT, "by": NAME}, SHORT]},
        score=1, found_at=NOW,
    )  # fmt: skip
    FindingEvent.objects.create(
        finding=finding, kind="handed_over", by=ada, happened_at=NOW, text=f"{NAME} asks for you"
    )
    Phrase.objects.create(
        deployment=ship, phrase="a second umbrella before it", turn="started", score=3,
        before_count=0, before_total=9, after_count=3, after_total=9, quotes=[first.pk],
        window=timedelta(days=7), method="x", found_at=NOW,
    )  # fmt: skip
    Reply.objects.create(
        project=shop, feedback=first, deployment=ship, customer=first.customer,
        text=f"Dear {NAME}, you said: {WORDS}", drafted_at=NOW, sent_as=f"<{MAIL}>",
    )  # fmt: skip
    Issue.objects.create(
        project=shop, recipient="ada@example.com", week_end_at=NOW, subject=f"“{CUT}”"[:300],
        html="<p>“Ever since Tuesday the marmalade checkout swallows my grandmother&#x27;s "
        f"postcode &amp; keeps…”</p><p>{NAME}</p>",
        text="> Ever since Tuesday the marmalade checkout\n> swallows my grandmother's postcode\n",
        message_id="<a@b>",
        post={"letter": {"sections": [{"items": [{"title": CUT, "note": f"{NAME} {MAIL}"}]}]}},
    )  # fmt: skip
    Edition.objects.create(
        project=shop, rhythm="weekly", ends_on=NOW.date(), start_at=NOW, end_at=NOW,
        subject=f"“{CUT}”"[:300], letter={"sections": [{"items": [{"title": CUT, "note": NAME}]}]},
    )  # fmt: skip
    FindingMail.objects.create(
        project=shop, user=ada, about=f"ship:{ship.pk}", day=NOW.date(), due_at=NOW,
        subject=f"“{CUT}”"[:300], html=f"<p>{NAME}</p><p>“{escape(CUT)}”</p>",
        text=f"> {CUT}\n{NAME}\n", message_id="<b@b>",
    )  # fmt: skip
    keep(UnfoldedMail(f"“{CUT}”", f"> {WORDS}\n", to=["ada@example.com"]), now=NOW)


def _fill_what_others_were_told(shop):
    hook = Hook.objects.create(
        project=shop, url="https://h.example", news_since=NOW, created_at=NOW, events=[]
    )
    message = Message.objects.create(
        hook=hook, event=Event.TEST, subject=1, body={"data": {"evidence": CUT, "who": NAME}},
        made_at=NOW, due_at=NOW,
    )  # fmt: skip
    Attempt.objects.create(
        message=message, tried_at=NOW, excerpt=json.dumps({"echo": f"{MAIL} é"}), problem=MAIL
    )


def _fill_what_was_done(shop):
    done = [
        {"userId": ID, "event": "Opened", "messageId": f"{ID}-1"},
        {"userId": MAIL.upper(), "anonymousId": "anon-of-quill-9", "event": "Opened"},
        {"anonymousId": "anon-of-quill-9", "event": f"Asked by {NAME}"},
        {"userId": "sam", "event": "Invited", "properties": {"friend": NAME, "of": ID, "n": 3}},
        {"userId": "sam", "event": "Invited", "context": {"environment": NAME}},
    ]
    record_events(
        shop.pk, [{"type": "track", **one} for one in done], spelling=Spelling({}, {}), now=NOW
    )
    keep_refused(shop.pk, "track", [(json.dumps({"userId": ID}), f"{NAME} is no event")], now=NOW)
    count_now(shop, now=NOW)


def _fill_what_is_measured(shop):
    of_them = make_event_metric(
        shop, event="Ordered", key="theirs", where={"account": ID, "mail": MAIL}
    )
    of_them.metric.name = f"Orders of {NAME}"
    of_them.metric.save()
    make_event_metric(shop, event="Ordered", key="everybodys", where={"plan": "pro"})
    feed = make_feed(make_source(shop), "sql")
    feed.note, feed.problem = f"A value of {MAIL} is left out", f"The API answered 500 ({NAME})"
    feed.save()
    followed = follow(shop, "told")
    followed.note = f"{NAME} has points that are no finite numbers."
    followed.save()
    SeenInstrument.objects.create(
        project=shop, name="carts", shape="sum", description=f"As {NAME} asked", points=1,
        places={"service": [NAME]}, first_seen_at=NOW, last_seen_at=NOW,
    )  # fmt: skip
    # On PostgreSQL each month has a table of its own.
    old = {"userId": ID, "event": "Opened", "timestamp": (NOW - timedelta(days=40)).isoformat()}
    old["properties"] = {"said": f"{NAME} was here"}
    report = record_events(shop.pk, [{"type": "track", **old}], spelling=Spelling({}, {}), now=NOW)
    assert not report.errors


def dumped(tmp_path) -> str:
    """Return the whole database, as whoever gets hold of a dump or of SQLite's files reads it."""
    if connection.vendor == "postgresql":
        facts = connection.settings_dict
        run = subprocess.run(
            ["pg_dump", "-h", facts["HOST"], "-p", str(facts["PORT"]), "-U", facts["USER"],
             "-d", facts["NAME"]],
            capture_output=True, check=True, env={"PGPASSWORD": facts["PASSWORD"], "PATH": _path()},
        )  # fmt: skip
        return run.stdout.decode() + _bytes_of(run.stdout.decode())
    return "\n".join(connection.connection.iterdump()) + "\n".join(
        bytes(body).decode("utf-8", "replace")
        for model in (Call, Delivery)
        for body in model.objects.values_list("body", flat=True)
    )


def _path() -> str:
    import os

    return os.environ["PATH"]


def _bytes_of(dump: str) -> str:
    import re

    return "\n".join(
        bytes.fromhex(found).decode("utf-8", "replace")
        for found in re.findall(r"\\\\x((?:[0-9a-f]{2})+)", dump)
    )


def left_in(dump: str) -> list[str]:
    """Return what is left of the customer."""
    dump = dump.casefold()
    return [
        needle
        for needle in (*NEEDLES, json.dumps(NAME)[1:-1], MAIL.replace("@", "%40"))
        if needle.casefold() in dump
    ]


@pytest.mark.django_db(transaction=True)  # a dump shows what is committed
class TestTheDump:
    def test_leaves_no_trace_in_any_table(self, shop, ada, kim, tmp_path):
        assert set(left_in(dumped(tmp_path))) >= set(NEEDLES)

        erase_customer(kim, by=ada, now=NOW)

        assert left_in(dumped(tmp_path)) == []


class TestErasing:
    def test_leaves_no_trace_in_files(self, shop, ada, kim, settings):
        erase_customer(kim, by=ada, now=NOW)

        assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []

    def test_counts_what_waited_in_the_journal_and_could_not_be_sorted(self, shop, ada, kim):
        assert erase_customer(kim, by=ada, now=NOW).counts["Arrival"] == 1
        assert not Arrival.objects.exists()

    def test_leaves_what_others_said(self, shop, ada, kim):
        erase_customer(kim, by=ada, now=NOW)

        assert FeedbackItem.objects.heard().filter(text="The umbrella stand is fine").exists()
        assert FeedbackItem.objects.get(external_id="sam-2").text == "My friend [erased] told me so"

    def test_leaves_the_rest_of_what_wake_says(self, shop, ada, kim):
        erase_customer(kim, by=ada, now=NOW)

        evidence = Learning.objects.get().evidence
        assert evidence.startswith("Customers said 3 things about it.\n“[erased]…”\n“[erased]”")
        assert "Reported-by: [erased] <[erased]>" in Change.objects.get(ref="abc").message

    def test_leaves_what_others_did(self, shop, ada, kim):
        erase_customer(kim, by=ada, now=NOW)

        left = Done.objects.filter(user_id="sam", name="Invited").order_by("pk")
        assert left[0].properties == {"friend": "[erased]", "of": "[erased]", "n": 3}
        assert set(Done.objects.values_list("user_id", flat=True)) == {"sam"}

    def test_leaves_the_counts(self, shop, ada, kim):
        erase_customer(kim, by=ada, now=NOW)

        opened = EventCount.objects.get(span="day", name="Opened")
        assert (opened.events, opened.users) == (2, 2)

    def test_stops_working_out_what_is_about_them_alone(self, shop, ada, kim):
        erase_customer(kim, by=ada, now=NOW)

        left = EventMetric.objects.get()
        assert (left.metric.key, left.where) == ("everybodys", {"plan": "pro"})
        assert Metric.objects.get(key="theirs").name == "Orders of [erased]"
        assert SeenInstrument.objects.get(name="carts").description == "As [erased] asked"

    def test_keeps_the_calls_readable(self, shop, ada, kim):
        erase_customer(kim, by=ada, now=NOW)

        body = json.loads(bytes(Call.objects.order_by("pk").first().body))
        assert body["issue"]["n"] == 7

    def test_is_proven_without_saying_who_it_was(self, shop, ada, kim):
        proof = erase_customer(kim, by=ada, now=NOW)

        assert (proof.by, proof.erased_at) == (ada, NOW)
        assert proof.counts["FeedbackItem"] >= 3
        assert proof.counts["Customer"] == 2
        assert {"Call", "Delivery", "Issue", "Learning", "Message"} <= proof.counts.keys()

    def test_touches_no_other_project(self, shop, ada, kim):
        other = make_project("Bakery")
        make_feedback(other, WORDS, customer=MAIL, id="theirs")

        erase_customer(kim, by=ada, now=NOW)

        assert FeedbackItem.objects.get(project=other).text == WORDS

    def test_writes_no_word_of_theirs_to_the_logs(self, shop, ada, kim, caplog):
        with caplog.at_level("DEBUG"):
            submit_feedback(
                project=shop, rows=[{"id": "9", "text": WORDS, "customer": MAIL}], now=NOW
            )
            erase_customer(kim, by=ada, now=NOW)
        # Django itself logs queries at DEBUG when it is asked to; Wake's own rooms say nothing.
        said = [
            record.getMessage() for record in caplog.records if record.name != "django.db.backends"
        ]

        assert left_in("\n".join(said)) == []


class TestWhatWasErased:
    @pytest.fixture
    def erased(self, shop, ada, kim):
        erase_customer(kim, by=ada, now=NOW)

    def test_does_not_come_back_by_its_id(self, shop, erased):
        row = {"id": ITEM, "text": WORDS, "source": "github"}
        report = submit_feedback(project=shop, rows=[row], now=NOW)

        assert (report.created, report.unchanged) == (0, 1)

    @pytest.mark.parametrize("customer", [ID, MAIL, {"id": "new-id", "email": MAIL.upper()}])
    def test_does_not_come_back_by_its_customer(self, shop, erased, customer):
        row = {"text": "Old words", "customer": customer, "created_at": "2026-01-02T10:00:00Z"}

        assert submit_feedback(project=shop, rows=[row], now=NOW).created == 0

    def test_does_not_come_back_where_nobody_says_when(self, shop, erased):
        row = {"id": "z", "text": "Old words", "customer": MAIL}

        assert submit_feedback(project=shop, rows=[row], now=NOW).created == 0

    def test_does_not_come_back_out_of_the_journal(self, shop, erased):
        row = {"id": "z", "text": "Old words", "customer": MAIL}
        put(shop.pk, [read_feedback(row, now=NOW)], now=NOW)

        settle(shop, now=NOW + timedelta(seconds=1))

        assert not Arrival.objects.exists()
        assert not FeedbackItem.objects.filter(external_id="z").exists()

    def test_is_refused_one_by_one_too(self, api, erased):
        answer = api.post(
            "/api/v1/feedback/", {"id": ITEM, "text": "x", "source": "github"},
            content_type="application/json",
        )  # fmt: skip

        assert answer.status_code == 400
        assert "forgotten" in str(answer.json())

    def test_does_not_keep_them_from_speaking_again(self, shop, erased):
        later = NOW + timedelta(days=2)
        row = {"text": "I am back", "customer": MAIL, "created_at": later.isoformat()}

        assert submit_feedback(project=shop, rows=[row], now=later).created == 1

    def test_is_asked_for_in_one_query_a_batch(self, shop, erased, django_assert_max_num_queries):
        rows = [
            {"id": str(n), "text": f"Words {n}", "customer": f"c{n}", "source": "github"}
            for n in range(100)
        ]
        with django_assert_max_num_queries(24):
            submit_feedback(project=shop, rows=rows, now=NOW)

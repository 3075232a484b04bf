"""Walks every address of the site as people who must not get in.

A new address fails here until DOORS says who may enter. A line names the role that may read
(GET) and the role that may write (POST); None means that the door does not know that method.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from accounts.models import Alias, ApiKey, Role, Scope
from deployments.models import Delivery, Webhook
from digest.feeds import make_feed
from digest.links import preferences_token
from digest.mail_models import KeptMail
from digest.models import Channel, Edition, Issue, ShareLink, Subscription
from digest.recipients import confirmation_token
from digest.sharing import hashed
from engagement.models import EventMetric, Feed, FollowedInstrument, Source
from feedback.models import BulkAction, Call, Connection, Customer, Import, SavedView
from learning.findings_links import token_of
from learning.models import Finding, FindingChoice, FindingNotice, Learning, Reply, Untouched
from outbound.models import Hook
from outbound.news import write_test
from tests.factories import NOW, make_deployment, make_feedback, make_key, make_metric

pytestmark = pytest.mark.django_db


class Project(NamedTuple):
    """A door of one project: 404 for strangers, 403 for a role that is too low."""

    read: Role | None
    write: Role | None = None


class Api(NamedTuple):
    """A door for API keys: 401 without one, 403 without the scope."""

    read: Scope | None = None
    write: Scope | None = None


OPEN, PERSONAL = "open to everybody", "for whoever has signed in"
VIEWER, MEMBER, OWNER = Role.VIEWER, Role.MEMBER, Role.OWNER

DOORS: dict[str, Any] = {
    "healthz": OPEN,
    "account_login": OPEN,
    "account_logout": OPEN,
    "account_inactive": OPEN,
    "account_signup": OPEN,
    "account_reset_password": OPEN,
    "account_reset_password_done": OPEN,
    "account_reset_password_from_key": OPEN,
    "account_reset_password_from_key_done": OPEN,
    "unsubscribe": OPEN,
    "mail_provider_hook": OPEN,  # a secret of its own: tests/digest/test_provider.py
    "digest_preferences": OPEN,
    "digest_confirm": OPEN,
    "digest_shared": OPEN,
    "digest_shared_html": OPEN,
    "digest_atom": OPEN,
    "finding_worth": OPEN,
    "finding_mails_off": OPEN,
    "hook": OPEN,
    "hook-below": OPEN,
    "feedback_hook": OPEN,
    "events-in": OPEN,
    "events-settings": OPEN,
    "otlp-metrics": OPEN,
    "widget-script": OPEN,
    "widget": OPEN,
    "form-page": OPEN,
    "form-page-thanks": OPEN,
    "api-schema": OPEN,
    "api-docs": OPEN,
    "account_change_password": PERSONAL,
    "account_set_password": PERSONAL,
    "home": PERSONAL,
    # 404 for who neither runs Wake nor owns a project, and for others' projects: tests/digest.
    "mails": PERSONAL,
    "mail": PERSONAL,
    "mail_html": PERSONAL,
    "mail_file": PERSONAL,
    "project_new": PERSONAL,
    "project": Project(VIEWER),
    "deployments": Project(VIEWER),
    "deployment": Project(VIEWER),
    "hypothesis": Project(MEMBER, MEMBER),
    "reply": Project(None, MEMBER),
    "ship_replies_send": Project(None, MEMBER),
    "ship_fixes": Project(None, MEMBER),
    "feedback_fixed": Project(None, MEMBER),
    "themes": Project(VIEWER),
    "findings": Project(VIEWER),
    "finding": Project(VIEWER),
    "finding_do": Project(None, MEMBER),
    "metrics": Project(VIEWER),
    "metric": Project(VIEWER, MEMBER),
    "metric_from_events": Project(MEMBER, MEMBER),
    "metric_definition": Project(MEMBER, MEMBER),
    "metric_definition_remove": Project(None, MEMBER),
    "metric_untouched": Project(None, MEMBER),
    "ship_untouched": Project(None, MEMBER),
    "untouched_withdraw": Project(None, MEMBER),
    "inbox": Project(VIEWER),
    "feedback_item": Project(VIEWER),
    "feedback_status": Project(None, MEMBER),
    "feedback_ship": Project(None, MEMBER),
    "feedback_note": Project(None, MEMBER),
    "feedback_assign": Project(None, MEMBER),
    "feedback_hold": Project(None, MEMBER),
    "feedback_merge_choose": Project(MEMBER),
    "feedback_merge": Project(None, MEMBER),
    "feedback_bulk": Project(None, MEMBER),
    "feedback_bulk_progress": Project(MEMBER),
    "feedback_bulk_stop": Project(None, MEMBER),
    "feedback_bulk_undo": Project(None, MEMBER),
    "saved_view_keep": Project(None, VIEWER),  # everyone keeps views of their own
    "saved_view_change": Project(None, VIEWER),
    "import_feedback": Project(MEMBER, MEMBER),
    "import_progress": Project(MEMBER),
    "import_start": Project(None, MEMBER),
    "import_refused": Project(MEMBER),
    "customer": Project(VIEWER),
    "customer_export": Project(OWNER),
    "customer_erase": Project(None, OWNER),
    "erasures": Project(OWNER),
    "learnings": Project(VIEWER),
    "how_often_right": Project(VIEWER),
    "learning": Project(VIEWER),
    "learning_edit": Project(None, MEMBER),
    "learning_filed": Project(None, MEMBER),
    "learnings_export": Project(VIEWER),
    "predictions": Project(VIEWER),
    "digest_preview": Project(VIEWER, VIEWER),  # everyone keeps their own preferences
    "digest_preview_html": Project(VIEWER),
    "digest_test": Project(None, VIEWER),
    "digest_findings": Project(None, MEMBER),
    "digest_resume": Project(None, VIEWER),
    "digest_recipients": Project(MEMBER, MEMBER),
    "digest_recipient_remove": Project(None, MEMBER),
    "digest_recipient_resume": Project(None, MEMBER),
    "digest_archive": Project(VIEWER),
    "digest_edition": Project(VIEWER),
    "digest_edition_html": Project(VIEWER),
    "digest_share": Project(None, MEMBER),
    "digest_share_revoke": Project(None, MEMBER),
    "digest_feed": Project(None, VIEWER),  # everyone has an address of their own
    "digest_channels": Project(MEMBER),
    "digest_channel_new": Project(OWNER, OWNER),
    "digest_channel": Project(MEMBER, OWNER),
    "digest_channel_test": Project(None, OWNER),
    "digest_channel_resume": Project(None, OWNER),
    "digest_channel_remove": Project(None, OWNER),
    "digest_issue": Project(VIEWER),
    "digest_issue_html": Project(VIEWER),
    "settings": Project(VIEWER, OWNER),
    "settings_members": Project(OWNER, OWNER),
    "settings_member": Project(None, OWNER),
    "settings_member_remove": Project(None, OWNER),
    "settings_keys": Project(OWNER, OWNER),
    "settings_key_revoke": Project(None, OWNER),
    "settings_connect": Project(MEMBER),
    "settings_connect_arrival": Project(VIEWER),
    "settings_connect_key": Project(None, OWNER),
    "settings_people": Project(MEMBER),
    "settings_people_confirm": Project(None, MEMBER),
    "settings_people_not_this": Project(None, MEMBER),
    "settings_people_undo": Project(None, MEMBER),
    "settings_webhook_make": Project(None, OWNER),
    "settings_webhook": Project(OWNER, OWNER),
    "settings_webhook_rotate": Project(None, OWNER),
    "settings_webhook_remove": Project(None, OWNER),
    "settings_mapping": Project(OWNER, OWNER),
    "settings_deliveries": Project(MEMBER),
    "settings_deliveries_replay": Project(None, MEMBER),
    "settings_delivery": Project(MEMBER),
    "settings_delivery_replay": Project(None, MEMBER),
    "settings_connections": Project(VIEWER),
    "settings_connection_new": Project(OWNER, OWNER),
    "settings_connection": Project(VIEWER),
    "settings_connection_change": Project(OWNER, OWNER),
    "settings_connection_switch": Project(None, OWNER),
    "settings_connection_gather": Project(None, OWNER),
    "settings_connection_secret": Project(None, OWNER),
    "settings_connection_remove": Project(None, OWNER),
    "settings_connection_mapping": Project(OWNER, OWNER),
    "settings_calls": Project(MEMBER),
    "settings_calls_replay": Project(None, MEMBER),
    "settings_call": Project(MEMBER),
    "settings_call_replay": Project(None, MEMBER),
    "settings_sources": Project(VIEWER),
    "settings_source_new": Project(OWNER, OWNER),
    "settings_source": Project(VIEWER),
    "settings_source_change": Project(OWNER, OWNER),
    "settings_source_remove": Project(None, OWNER),
    "settings_telemetry": Project(VIEWER),
    "settings_sample_file": Project(MEMBER, MEMBER),
    "settings_telemetry_follow": Project(OWNER, OWNER),
    "settings_telemetry_unfollow": Project(None, OWNER),
    "settings_events": Project(VIEWER),
    "settings_events_arrival": Project(VIEWER),
    "settings_events_key": Project(None, OWNER),
    "settings_events_latest": Project(MEMBER),
    "settings_events_again": Project(None, MEMBER),
    "settings_events_let_go": Project(None, MEMBER),
    "settings_feed_new": Project(OWNER, OWNER),
    "settings_feed_change": Project(OWNER, OWNER),
    "settings_feed_switch": Project(None, OWNER),
    "settings_feed_gather": Project(None, OWNER),
    "settings_feed_remove": Project(None, OWNER),
    "settings_outgoing": Project(OWNER, OWNER),
    "settings_outgoing_hook": Project(OWNER, OWNER),
    "settings_outgoing_test": Project(None, OWNER),
    "settings_outgoing_rotate": Project(None, OWNER),
    "settings_outgoing_switch": Project(None, OWNER),
    "settings_outgoing_remove": Project(None, OWNER),
    "settings_outgoing_again": Project(None, OWNER),
    "api-week": Api(Scope.READ),
    "api-deployments": Api(Scope.READ, Scope.DEPLOYMENTS_WRITE),
    "api-deployment": Api(Scope.READ),
    "api-estimates": Api(Scope.READ),
    "api-learnings": Api(Scope.READ),
    "api-findings": Api(Scope.READ),
    "api-feedback": Api(Scope.READ, Scope.FEEDBACK_WRITE),
    "api-feedback-item": Api(Scope.READ),
    "api-metrics": Api(Scope.READ, Scope.METRICS_WRITE),
    "api-metric-samples": Api(Scope.READ),
    "api-prior-art": Api(Scope.READ),
    "api-samples": Api(write=Scope.METRICS_WRITE),
}
PROJECT_DOORS = [name for name, door in DOORS.items() if isinstance(door, Project)]
API_DOORS = [name for name, door in DOORS.items() if isinstance(door, Api)]
METHODS = ("get", "post")


def all_names(patterns: list[Any] | None = None) -> Iterator[str | None]:
    """Yield the name of each address of the site."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from all_names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.name


@pytest.fixture
def address(shop, ada, ben):
    """Call it with a door's name for an address behind which there really is something."""
    ship = make_deployment(shop, "1.0.0")
    checkup = ship.checkups.first()
    metric = make_metric(shop)
    item = make_feedback(shop)
    reply = Reply.objects.create(
        project=shop, feedback=item, deployment=ship, text="Fixed.", drafted_at=NOW
    )
    learning = Learning.objects.create(
        project=shop, deployment=ship, checkup=checkup, verdict="supported", headline="It rose",
        method="v1", drafted_at=NOW, due_at=NOW,
    )  # fmt: skip
    finding = Finding.objects.create(
        project=shop, deployment=ship, kind="rating_fell", key="a", headline="It works well not",
        evidence={"before": 1, "after": 2}, score=1, found_at=NOW,
    )  # fmt: skip
    notice = FindingNotice.objects.create(finding=finding, user=ada)
    choice = FindingChoice.objects.create(project=shop, user=ada)
    upload = Import.objects.create(project=shop, user=ada, name="a.csv", file="imports/a.csv")
    subscription = Subscription.objects.create(project=shop, user=ada, next_due_at=NOW)
    reader = Subscription.objects.create(project=shop, email="kim@x.test", next_due_at=NOW)
    issue = Issue.objects.create(
        subscription=subscription, project=shop, recipient=ada.email, week_end_at=NOW,
        subject="A week", html="<p>A week", text="A week", message_id="<1@wake>", sent_at=NOW,
    )  # fmt: skip
    edition = Edition.objects.create(
        project=shop, rhythm="weekly", ends_on=NOW.date(), start_at=NOW, end_at=NOW,
        subject="A week", letter={"headline": "It works well"}, sent_at=NOW,
    )  # fmt: skip
    link = ShareLink.objects.create(edition=edition, token_hash=hashed("a"), made_at=NOW)
    chat = Channel.objects.create(
        project=shop, chat="slack", name="#a", url="https://hooks.invalid/a", made_at=NOW
    )
    posted = Subscription.objects.create(project=shop, channel=chat, next_due_at=NOW)
    feed_token = make_feed(shop, ada, now=NOW)
    webhook = Webhook.objects.create(project=shop)
    mapped = Webhook.objects.create(project=shop, provider="generic")
    delivery = Delivery.objects.create(
        project=shop, provider="github", body=b"{}", outcome="unreadable", received_at=NOW
    )
    key, _ = ApiKey.objects.create_key(name="CI", project=shop, scopes=[])
    member = shop.memberships.get(user=ben)
    customer = Customer.objects.create(project=shop, external_id="kim")
    widget = Connection.objects.create(project=shop, kind="widget", name="Widget", created_at=NOW)
    alias = Alias.objects.create(
        project=shop, kind="login", value="ben", user=ben, confirmed_at=NOW
    )
    source = Connection.objects.create(project=shop, kind="webhook", name="A", created_at=NOW)
    call = Call.objects.create(connection=source, body=b"{}", received_at=NOW)
    sources = ("", "_change", "_switch", "_gather", "_secret", "_remove", "_mapping")
    calls = {"pk": source.pk, "number": call.pk}
    hook = Hook.objects.create(project=shop, url="https://a.test", news_since=NOW, created_at=NOW)
    news = {"pk": hook.pk, "message": write_test(hook, now=NOW).pk}
    outgoing = ("hook", "test", "rotate", "switch", "remove")
    of_item = ("note", "assign", "hold", "merge_choose", "merge")
    measured = Source.objects.create(project=shop, kind="prometheus", name="P", created_at=NOW)
    followed = FollowedInstrument.objects.create(
        project=shop, metric=make_metric(shop, "heat"), name="heat", shape="gauge", take="mean",
        created_at=NOW,
    )  # fmt: skip
    feed = Feed.objects.create(source=measured, metric=metric, created_at=NOW)
    of_measured = ("settings_source", "settings_source_change", "settings_source_remove")
    job = BulkAction.objects.create(project=shop, by=ada, action="seen", created_at=NOW)
    view = SavedView.objects.create(project=shop, name="Bad", query="mood=bad", created_at=NOW)
    EventMetric.objects.create(metric=make_metric(shop, "orders"), measure="count", changed_at=NOW)
    said = Untouched.objects.create(project=shop, metric=metric, area="docs", stated_at=NOW)
    kept = KeptMail.objects.create(project=shop, sent_at=NOW, recipients="a@x.test", raw=b"A: b")
    facts: dict[str, dict[str, Any]] = {
        **{name: {"pk": kept.pk} for name in ("mail", "mail_html", "mail_file")},
        "deployment": {"pk": ship.pk}, "metric": {"key": metric.key},
        **{f"metric_definition{name}": {"key": "orders"} for name in ("", "_remove")},
        "metric_untouched": {"key": metric.key}, "ship_untouched": {"pk": ship.pk},
        "untouched_withdraw": {"pk": said.pk},
        "reply": {"pk": reply.pk}, "feedback_fixed": {"pk": item.pk},
        "ship_replies_send": {"pk": ship.pk}, "ship_fixes": {"pk": ship.pk},
        "hypothesis": {"pk": ship.pk}, "api-prior-art": {"key": metric.key},
        "feedback_item": {"pk": item.pk}, "feedback_status": {"pk": item.pk},
        "feedback_ship": {"pk": item.pk}, "import_progress": {"pk": upload.pk},
        **{f"feedback_{name}": {"pk": item.pk} for name in of_item},
        **{f"feedback_bulk_{name}": {"pk": job.pk} for name in ("progress", "stop", "undo")},
        "saved_view_change": {"pk": view.pk},
        "import_start": {"pk": upload.pk}, "import_refused": {"pk": upload.pk},
        "learning": {"pk": learning.pk}, "learning_edit": {"pk": learning.pk},
        "learning_filed": {"pk": learning.pk},
        "digest_issue": {"pk": issue.pk}, "digest_issue_html": {"pk": issue.pk},
        "digest_edition": {"pk": edition.pk}, "digest_edition_html": {"pk": edition.pk},
        "digest_share": {"pk": edition.pk},
        "digest_share_revoke": {"pk": edition.pk, "link": link.pk},
        **{f"digest_channel{n}": {"pk": posted.pk} for n in ("", "_test", "_resume", "_remove")},
        "digest_shared": {"token": "a"}, "digest_shared_html": {"token": "a"},
        "digest_atom": {"token": feed_token},
        "settings_member": {"pk": member.pk}, "settings_member_remove": {"pk": member.pk},
        **{f"settings_outgoing_{name}": {"pk": hook.pk} for name in outgoing},
        "settings_outgoing_again": news,
        "settings_telemetry_unfollow": {"pk": followed.pk},
        **{name: {"pk": measured.pk} for name in (*of_measured, "settings_feed_new")},
        **{f"settings_feed_{n}": {"pk": feed.pk} for n in ("change", "switch", "gather", "remove")},
        **{f"settings_connection{name}": {"pk": source.pk} for name in sources},
        "feedback_hook": {"key": source.key},
        "settings_calls": {"pk": source.pk}, "settings_calls_replay": {"pk": source.pk},
        "settings_call": calls, "settings_call_replay": calls,
        "settings_webhook": {"pk": webhook.pk}, "settings_webhook_rotate": {"pk": webhook.pk},
        "settings_webhook_remove": {"pk": webhook.pk}, "settings_mapping": {"pk": mapped.pk},
        "settings_delivery": {"pk": delivery.pk}, "settings_delivery_replay": {"pk": delivery.pk},
        "settings_key_revoke": {"prefix": key.prefix},
        "settings_people_undo": {"pk": alias.pk}, "customer": {"pk": customer.pk},
        "customer_export": {"pk": customer.pk}, "customer_erase": {"pk": customer.pk},
        "api-deployment": {"pk": ship.pk}, "api-estimates": {"pk": ship.pk},
        "api-feedback-item": {"pk": item.pk}, "api-metric-samples": {"key": metric.key},
        "mail_provider_hook": {"provider": "postmark"},
        "unsubscribe": {"token": subscription.token},
        "digest_preferences": {"token": preferences_token(subscription)},
        "digest_confirm": {"token": confirmation_token(reader)},
        **{f"digest_recipient_{name}": {"pk": reader.pk} for name in ("remove", "resume")},
        "finding": {"pk": finding.pk}, "finding_do": {"pk": finding.pk},
        "finding_worth": {"token": token_of(notice)},
        "finding_mails_off": {"token": choice.token},
        "events-in": {"call": "track"}, "events-settings": {"key": "x"},
        "hook": {"provider": "github", "key": webhook.key},
        "hook-below": {"provider": "github", "key": webhook.key, "path": "api/0/"},
        "widget": {"key": widget.key}, "form-page": {"key": widget.key},
        "form-page-thanks": {"key": widget.key},
        "account_reset_password_from_key": {"uidb36": "1", "key": "set-password"},
    }  # fmt: skip

    def reverse_for(name: str, slug: str = shop.slug) -> str:
        of_project = {"slug": slug} if isinstance(DOORS[name], Project) else {}
        return reverse(name, kwargs=of_project | facts.get(name, {}))

    return reverse_for


def call(client: Client, method: str, url: str) -> Any:
    return getattr(client, method)(url, **({"content_type": "text/plain"} if "api" in url else {}))


def walk(
    names: Iterable[str], client: Callable[[], Client], method: str, address: Any, **of: str
) -> dict[str, Any]:
    """Return what each address answers, by its name. What is refused changes nothing."""
    return {name: call(client(), method, address(name, **of)) for name in names}


def codes_of(answers: dict[str, Any]) -> dict[str, int]:
    return {name: answer.status_code for name, answer in answers.items()}


def wrong(found: dict[str, Any], *right: Any) -> dict[str, Any]:
    """Return what is none of the right ones."""
    return {name: value for name, value in found.items() if value not in right}


def needed_for(method: str, name: str) -> Any:
    """Return the role or scope that a door asks for."""
    return getattr(DOORS[name], "read" if method == "get" else "write")


class TestTheListOfDoors:
    def test_names_every_address_of_the_site_and_no_other(self):
        names = list(all_names())

        assert None not in names, "An address without a name cannot be classified."
        assert set(names) == set(DOORS), "Say in DOORS who may enter."

    def test_says_truly_which_addresses_belong_to_a_project(self, address):
        slugs = {name: resolve(address(name)).kwargs["slug"] for name in PROJECT_DOORS}

        assert wrong(slugs, "shop") == {}


class TestSomebodyWhoHasNotSignedIn:
    @pytest.mark.parametrize("method", METHODS)
    def test_is_asked_to_sign_in_everywhere(self, method, address):
        personal = [name for name, door in DOORS.items() if door == PERSONAL]
        answers = walk([*personal, *PROJECT_DOORS], Client, method, address)

        assert wrong(codes_of(answers), 302) == {}
        sent_to = {name: answer.url.split("?")[0] for name, answer in answers.items()}
        assert wrong(sent_to, reverse(settings.LOGIN_URL)) == {}

    @pytest.mark.parametrize("method", METHODS)
    def test_never_sees_an_open_door_fail(self, method, address):
        open_ones = [name for name, door in DOORS.items() if door == OPEN]
        answers = walk(open_ones, Client, method, address)

        assert {n: code for n, code in codes_of(answers).items() if code >= 500} == {}

    def test_cannot_report_a_ship_without_a_signature(self, address, shop):
        before = shop.deployments.count()

        answer = Client().post(address("hook"), "{}", content_type="application/json")

        assert answer.status_code in (401, 403)
        assert shop.deployments.count() == before


class TestCleoWhoIsAStranger:
    @pytest.mark.parametrize("method", METHODS)
    def test_cannot_tell_the_shop_from_a_project_that_is_not_there(self, method, address, as_cleo):
        real = codes_of(walk(PROJECT_DOORS, lambda: as_cleo, method, address))
        made_up = codes_of(
            walk(PROJECT_DOORS, lambda: as_cleo, method, address, slug="no-such-project")
        )

        assert real == made_up
        assert wrong(real, 404, 405) == {}

    def test_reads_nothing(self, address, as_cleo):
        names = [name for name in PROJECT_DOORS if DOORS[name].read]

        assert wrong(codes_of(walk(names, lambda: as_cleo, "get", address)), 404) == {}

    def test_writes_nothing(self, address, as_cleo):
        names = [name for name in PROJECT_DOORS if DOORS[name].write]

        assert wrong(codes_of(walk(names, lambda: as_cleo, "post", address)), 404) == {}

    @pytest.mark.parametrize("method", METHODS)
    def test_does_not_reach_the_things_of_the_shop_through_her_own_project(
        self, method, address, as_cleo
    ):
        things = [n for n in PROJECT_DOORS if set(resolve(address(n)).kwargs) != {"slug"}]
        through_hers = codes_of(walk(things, lambda: as_cleo, method, address, slug="bakery"))

        assert len(through_hers) >= 10
        assert wrong(through_hers, 404, 405) == {}


class TestAMember:
    @pytest.mark.parametrize("who", [VIEWER, MEMBER])
    @pytest.mark.parametrize("method", METHODS)
    def test_is_refused_what_their_role_may_not(self, method, who, address, as_vic, as_ben):
        client = as_vic if who == VIEWER else as_ben
        allowed = (None, "", VIEWER) if who == VIEWER else (None, "", VIEWER, MEMBER)
        refused = [n for n in PROJECT_DOORS if needed_for(method, n) not in allowed]

        assert len(refused) >= 5
        assert wrong(codes_of(walk(refused, lambda: client, method, address)), 403) == {}

    def test_changes_nothing_at_a_door_for_readers(self, address, as_ada):
        """A door that forgets to look at the method would answer a POST as if it were a GET."""
        names = [name for name in PROJECT_DOORS if not DOORS[name].write]

        assert wrong(codes_of(walk(names, lambda: as_ada, "post", address)), 200, 405) == {}

    def test_who_owns_the_shop_reads_everything(self, address, as_ada):
        """So that the refusals above are not those of an address that leads nowhere."""
        names = [n for n in PROJECT_DOORS if DOORS[n].read and not n.startswith("import_")]

        assert wrong(codes_of(walk(names, lambda: as_ada, "get", address)), 200, 302, 405) == {}


class TestTheApi:
    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("shown", ["", "Bearer wrong.key", "Basic YTpi"])
    def test_wants_a_key(self, method, shown, address):
        headers = {"Authorization": shown} if shown else {}
        codes = codes_of(walk(API_DOORS, lambda: Client(headers=headers), method, address))
        known = {name: code for name, code in codes.items() if needed_for(method, name)}

        assert wrong(known, 401) == {}
        assert wrong(codes, 401, 405) == {}

    @pytest.mark.parametrize("method", METHODS)
    def test_wants_a_key_with_the_right_scope(self, method, address, shop):
        codes = {}
        for name in API_DOORS:
            others = [other for other in Scope if other != needed_for(method, name)]
            client = Client(headers={"Authorization": f"Bearer {make_key(shop, *others)}"})
            codes[name] = call(client, method, address(name)).status_code
        known = {name: code for name, code in codes.items() if needed_for(method, name)}

        assert wrong(known, 403) == {}
        assert wrong({n: code for n, code in codes.items() if n not in known}, 405) == {}

    def test_gives_what_the_key_may_read(self, address, api):
        names = [name for name in API_DOORS if DOORS[name].read]

        assert wrong(codes_of(walk(names, lambda: api, "get", address)), 200) == {}

    def test_shows_nothing_of_the_shop_to_the_key_of_another_project(self, address, cleo):
        bakery = cleo.projects.get()
        client = Client(headers={"Authorization": f"Bearer {make_key(bakery)}"})
        answers = walk(API_DOORS, lambda: client, "get", address)
        things = {n: a.status_code for n, a in answers.items() if resolve(address(n)).kwargs}

        assert wrong(things, 404) == {}
        shown = {name: answer.content for name, answer in answers.items()}
        assert [name for name, said in shown.items() if b"1.0.0" in said] == []
        assert [name for name, said in shown.items() if b"It works well" in said] == []

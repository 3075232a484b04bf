"""The reading pages: who sees them, and what they say of an empty and of a full project."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import Environment, Project, Role
from common.windows import DAY
from deployments.ship import Expectation, Person, ShippedChange
from learning.attribution import CURRENT_METHOD
from learning.models import Attribution, ImpactEstimate, Learning, PlaceboRecord
from learning.verdict import Verdict
from tests.factories import (
    make_deployment,
    make_feedback,
    make_member,
    make_metric,
    make_project,
    make_samples,
    make_user,
)

PAGES = ["", "ships/", "metrics/"]
BET = Expectation("checkout_conversion", "up", 0.02, because="two fields fewer")


def make_wake(project, version="1.4.0", *, title="Shorter checkout", now=None, **facts):
    """Make a ship of a week ago with all that it can leave behind, and return it."""
    now = now or timezone.now()
    metric = project.metrics.filter(key="checkout_conversion").first()
    if metric is None:
        metric = make_metric(project, unit="%")
        make_samples(metric, now - timedelta(days=35), [2.0 + i % 24 / 24 for i in range(35 * 24)])
    ship = make_deployment(
        project,
        version,
        title=title,
        shipped_at=now - timedelta(days=8),
        expectation=BET,
        changes=(ShippedChange("commit", f"abc{version}", "Drop two fields", Person("ada@x.io")),),
        now=now,
        **facts,
    )
    said_at = now - timedelta(days=7)
    item = make_feedback(
        project, "So much faster now", rating=5, version=version, created_at=said_at, now=now
    )
    # Replace what the attributor said, if it has run.
    Attribution.objects.filter(feedback=item).delete()
    Attribution.objects.create(
        feedback=item,
        deployment=ship,
        said_at=item.said_at,
        probability=0.9,
        reasons=["They use exactly this version."],
        is_best=True,
        method=CURRENT_METHOD,
    )
    checkup = ship.checkups.get(horizon=timedelta(days=7))
    checkup.finished_at = now - timedelta(days=1)
    checkup.save()
    make_estimate(checkup, metric)
    Learning.objects.create(
        project=project,
        deployment=ship,
        checkup=checkup,
        verdict=Verdict.SUPPORTED,
        headline=f"{title}: conversion moved as hoped",
        evidence="Checkout conversion rose by about 7%.",
        method="test",
        drafted_at=now - timedelta(days=1),
        due_at=now + timedelta(days=6),
    )
    return ship


def make_estimate(checkup, metric, **facts):
    facts = {"word": "estimated", "effect": 0.07, "low": 0.03, "high": 0.11, **facts}
    return ImpactEstimate.objects.create(
        checkup=checkup,
        deployment=checkup.deployment,
        metric=metric,
        smallest_visible=0.05,
        window_start_at=checkup.deployment.shipped_at,
        window_end_at=checkup.due_at,
        method="test",
        estimated_at=checkup.due_at,
        **facts,
    )


class TestEveryPage:
    @pytest.mark.parametrize("path", PAGES)
    def test_opens_for_a_viewer_of_an_empty_project(self, as_vic, path):
        assert as_vic.get(f"/p/shop/{path}").status_code == 200

    @pytest.mark.parametrize("path", PAGES)
    def test_does_not_exist_for_a_stranger(self, shop, as_cleo, path):
        assert as_cleo.get(f"/p/shop/{path}").status_code == 404

    @pytest.mark.parametrize("path", PAGES)
    def test_asks_a_person_without_a_session_to_sign_in(self, shop, client, path):
        answer = client.get(f"/p/shop/{path}")

        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/login/")

    def test_names_its_section_in_the_navigation(self, shop, as_ada, bs):
        page = bs(as_ada.get("/p/shop/ships/"))

        current = page.select(".nav [aria-current]")

        assert [link.get_text(strip=True) for link in current] == ["Ships"]

    def test_has_one_heading_of_the_first_level_and_a_skip_link(self, shop, as_ada, bs):
        page = bs(as_ada.get("/p/shop/"))

        assert len(page.find_all("h1")) == 1
        assert page.select_one("a.skip")["href"] == "#" + page.find("main")["id"]

    def test_escapes_what_customers_and_machines_wrote(self, shop, as_ada):
        evil = "<script>alert(1)</script>"
        ship = make_wake(shop, title=evil)
        make_feedback(shop, evil, version="1.4.0")

        for path in [*PAGES, f"ships/{ship.pk}/", "metrics/checkout_conversion/"]:
            assert evil not in as_ada.get(f"/p/shop/{path}").content.decode()

    def test_asks_the_database_as_often_for_many_ships_as_for_few(
        self, shop, as_ada, count_queries
    ):
        ship = make_wake(shop, "1.0")
        for n in range(5):  # more than home shows of what waits, so that it counts the rest
            make_wake(shop, f"1.{n + 1}")
        paths = [*PAGES, f"ships/{ship.pk}/", "metrics/checkout_conversion/"]
        as_ada.get(f"/p/shop/ships/{ship.pk}/")  # only the first look is noted
        few = [count_queries(lambda p=path: as_ada.get(f"/p/shop/{p}")) for path in paths]
        for n in range(5):
            make_wake(shop, f"2.{n}")

        many = [count_queries(lambda p=path: as_ada.get(f"/p/shop/{p}")) for path in paths]

        assert many == few
        assert max(many) <= 48


class TestTheListOfProjects:
    def test_leads_straight_to_the_only_project(self, shop, as_ada):
        assert as_ada.get("/").url == "/p/shop/"

    def test_lists_several_projects_by_name(self, shop, ada, as_ada, bs):
        make_project("Bistro", owner=ada)

        links = bs(as_ada.get("/")).select("main .list a")

        assert [link.get_text() for link in links] == ["Bistro", "Shop"]

    def test_teaches_a_person_without_a_project_how_to_make_one(self, db, client):
        client.force_login(make_user())

        answer = client.get("/")

        assert b"/projects/new/" in answer.content
        assert b"manage.py create_project" in answer.content


class TestANewProject:
    def test_belongs_to_whoever_made_it(self, db, client):
        user = make_user()
        client.force_login(user)

        answer = client.post("/projects/new/", {"name": "Kiosk", "timezone": "Europe/Berlin"})

        project = Project.objects.get(slug="kiosk")
        assert answer.url == "/p/kiosk/"
        assert project.memberships.get().user == user
        assert project.memberships.get().role == Role.OWNER
        assert project.timezone == "Europe/Berlin"
        assert Environment.objects.get(project=project).name == "production"

    def test_gets_an_address_of_its_own_when_the_name_is_taken(self, shop, as_ada):
        as_ada.post("/projects/new/", {"name": "Shop", "timezone": "UTC"})

        assert Project.objects.filter(slug="shop-2").exists()

    @pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 101])
    def test_needs_a_name_that_can_be_read(self, as_ada, name):
        before = Project.objects.count()

        answer = as_ada.post("/projects/new/", {"name": name, "timezone": "UTC"})

        assert answer.status_code == 200
        assert Project.objects.count() == before

    def test_refuses_a_time_zone_that_is_none(self, as_ada):
        answer = as_ada.post("/projects/new/", {"name": "Kiosk", "timezone": "Mars/Olympus"})

        assert b"errorlist" in answer.content


class TestHome:
    def test_shows_the_first_steps_until_all_are_done(self, shop, as_ada):
        assert b"First steps" in as_ada.get("/p/shop/").content

        ship = make_wake(shop)
        ship.learnings.update(state=Learning.State.CONFIRMED, confirmed_at=timezone.now())

        assert b"First steps" not in as_ada.get("/p/shop/").content

    def test_gives_commands_that_name_this_server(self, shop, as_ada, settings):
        settings.BASE_URL = "https://wake.example"

        assert b"curl https://wake.example/api/v1/deployments/" in as_ada.get("/p/shop/").content

    def test_shows_what_waits_for_those_who_shipped(self, shop, as_ada, bs):
        make_wake(shop)

        waiting = bs(as_ada.get("/p/shop/")).find(id="waiting").find_parent("section").get_text()

        assert "1 learning to confirm" in waiting
        assert "1 unread on your ships" in waiting

    def test_leaves_others_in_peace(self, shop, as_ben, bs):
        make_wake(shop, by="ada@example.com")

        waiting = bs(as_ben.get("/p/shop/")).find(id="waiting").find_parent("section").get_text()

        assert "Nothing." in waiting

    def test_sends_only_the_timeline_when_it_asks_again(self, shop, as_ada):
        make_wake(shop)

        part = as_ada.get("/p/shop/", headers={"HX-Request": "true", "HX-Target": "timeline"})

        assert part.content.strip().startswith(b'<div id="timeline"')
        assert b"Shorter checkout" in part.content
        assert b"<html" not in part.content


class TestTheListOfShips:
    @pytest.fixture
    def names(self, shop, as_ada, bs):
        def ask(query=""):
            page = bs(as_ada.get(f"/p/shop/ships/{query}"))
            return [link.get_text() for link in page.select(".timeline__title a")]

        return ask

    def test_shows_the_newest_first(self, shop, names):
        now = timezone.now()
        make_deployment(shop, "1.0", shipped_at=now - timedelta(days=2))
        make_deployment(shop, "2.0", shipped_at=now - timedelta(days=1))

        assert names() == ["2.0", "1.0"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("?q=shorter", ["Shorter checkout"]),
            ("?q=1.4", ["Shorter checkout"]),
            ("?q=zebra", []),
            ("?verdict=supported", ["Shorter checkout"]),
            ("?verdict=refuted", []),
            ("?verdict=no_hypothesis", ["0.9"]),
            ("?environment=staging", ["0.9"]),
            ("?status=failed", []),
            ("?status=nonsense", ["Shorter checkout", "0.9"]),
            ("?q=%00", []),
        ],
    )
    def test_is_narrowed_by_its_filters(self, shop, names, query, found):
        make_wake(shop)
        make_deployment(shop, "0.9", environment="staging")

        assert sorted(names(query)) == sorted(found)

    def test_goes_on_behind_the_fiftieth_ship(self, shop, as_ada, bs):
        now = timezone.now()
        for n in range(52):
            make_deployment(shop, f"v{n}", shipped_at=now - timedelta(hours=n))
        first = bs(as_ada.get("/p/shop/ships/"))

        second = bs(as_ada.get(first.select_one("a[rel=next]")["href"]))

        assert [link.get_text() for link in second.select(".timeline__title a")] == ["v50", "v51"]

    def test_answers_404_to_a_cursor_that_is_none_of_ours(self, shop, as_ada):
        assert as_ada.get("/p/shop/ships/?cursor=rubbish").status_code == 404

    def test_teaches_the_call_when_nothing_was_shipped(self, shop, as_ada):
        assert b"curl " in as_ada.get("/p/shop/ships/").content


class TestADeployment:
    @pytest.fixture
    def text(self, shop, as_ada, bs):
        def read(ship, client=as_ada):
            page = bs(client.get(f"/p/shop/ships/{ship.pk}/"))
            return " ".join(page.find("main").get_text(" ").split())

        return read

    def test_tells_the_verdict_with_its_numbers(self, shop, text):
        shown = text(make_wake(shop))

        assert "Supported: a rise of 2% or more was hoped for." in shown
        assert "+7%" in shown
        assert "(+3% to +11%)" in shown

    def test_shows_the_words_and_why_they_are_about_it(self, shop, text):
        shown = text(make_wake(shop))

        assert "So much faster now" in shown
        assert "90% likely about this ship" in shown
        assert "They use exactly this version." in shown

    def test_shows_what_went_out(self, shop, text):
        assert "Drop two fields" in text(make_wake(shop))

    def test_draws_the_metric_with_its_expected_band(self, shop, as_ada):
        ship = make_wake(shop)

        answer = as_ada.get(f"/p/shop/ships/{ship.pk}/")

        chart = answer.context["page"].charts[0]
        assert chart.has_band
        assert [mark["label"] for mark in chart.data["marks"] if mark["main"]] == ["1.4.0"]
        assert f'id="{chart.key}" type="application/json"'.encode() in answer.content

    def test_marks_the_ships_close_by_on_the_chart_too(self, shop, as_ada):
        ship = make_wake(shop)
        make_deployment(shop, "1.3.9", shipped_at=ship.shipped_at - timedelta(days=2))

        answer = as_ada.get(f"/p/shop/ships/{ship.pk}/")

        marks = answer.context["page"].charts[0].data["marks"]
        assert [(mark["label"], mark["main"]) for mark in marks] == [
            ("1.3.9", False),
            ("1.4.0", True),
        ]

    def test_says_when_it_looks_next(self, shop, text):
        ship = make_deployment(shop, "1.0", shipped_at=timezone.now() - timedelta(minutes=10))

        assert "Next look: today" in text(ship) or "Next look: tomorrow" in text(ship)

    def test_fills_itself_in_while_it_is_young(self, shop, as_ada):
        ship = make_deployment(shop, "1.0", shipped_at=timezone.now() - timedelta(minutes=10))
        path = f"/p/shop/ships/{ship.pk}/"

        assert b'hx-trigger="every 30s"' in as_ada.get(path).content
        part = as_ada.get(path, headers={"HX-Request": "true", "HX-Target": "wake"})
        assert part.content.strip().startswith(b"<div")
        assert b"<html" not in part.content

    def test_stops_asking_when_it_is_two_days_old(self, shop, as_ada):
        ship = make_wake(shop)

        assert b"every 30s" not in as_ada.get(f"/p/shop/ships/{ship.pk}/").content

    def test_names_what_could_not_be_read(self, shop, text):
        ship = make_deployment(shop, "1.0", problems=("commits: must be a list.",))

        assert "commits: must be a list." in text(ship)

    def test_says_that_a_failed_ship_reached_nobody(self, shop, text):
        ship = make_deployment(shop, "1.0", status="failed")

        assert "has not reached customers: it failed" in text(ship)

    def test_lets_members_complete_the_draft_and_viewers_only_read(self, shop, as_ada, as_vic):
        path = f"/p/shop/ships/{make_wake(shop).pk}/"

        assert b'name="takeaway"' in as_ada.get(path).content
        assert b'name="takeaway"' not in as_vic.get(path).content

    def test_of_another_project_does_not_exist(self, shop, as_ada):
        other = make_deployment(make_project("Bakery"), "1.0")

        assert as_ada.get(f"/p/shop/ships/{other.pk}/").status_code == 404


class TestAMetric:
    def test_shows_what_each_ship_did_to_it(self, shop, as_vic):
        make_wake(shop)

        page = as_vic.get("/p/shop/metrics/checkout_conversion/").content.decode()

        assert "Shorter checkout" in page
        assert "+7%" in page

    def test_can_be_renamed_by_a_member(self, shop, as_ben):
        metric = make_metric(shop)

        as_ben.post(
            f"/p/shop/metrics/{metric.key}/",
            {
                "name": "Conversion",
                "unit": "%",
                "kind": "ratio",
                "good_direction": "up",
                "role": "goal",
                "no_data": "unknown",
            },
        )

        metric.refresh_from_db()
        assert (metric.name, metric.unit, metric.kind) == ("Conversion", "%", "ratio")

    def test_loses_its_unit_when_a_member_takes_it_away(self, shop, as_ben):
        metric = make_metric(shop, unit="%")

        as_ben.post(
            f"/p/shop/metrics/{metric.key}/",
            {
                "name": "Conversion",
                "unit": "",
                "kind": "gauge",
                "good_direction": "up",
                "role": "goal",
                "no_data": "unknown",
            },
        )

        metric.refresh_from_db()
        assert metric.unit == ""

    def test_can_only_be_read_by_a_viewer(self, shop, as_vic):
        metric = make_metric(shop)

        assert b"<form" not in _main(as_vic.get(f"/p/shop/metrics/{metric.key}/"))
        assert as_vic.post(f"/p/shop/metrics/{metric.key}/", {"name": "x"}).status_code == 403

    def test_that_is_not_there_does_not_exist(self, shop, as_ada):
        assert as_ada.get("/p/shop/metrics/nope/").status_code == 404

    def test_says_how_often_it_cries_wolf(self, shop, as_vic):
        metric = make_metric(shop)
        address = f"/p/shop/metrics/{metric.key}/"
        facts = {
            "looks": 100,
            "covered": 84,
            "put_in": 50,
            "found": 30,
            "tested_at": timezone.now(),
        }

        assert b"Not tested yet" in as_vic.get(address).content
        PlaceboRecord.objects.create(metric=metric, window=DAY, moments=50, alarms=9, **facts)

        page = as_vic.get(address).content.decode()
        assert "alarms on 18% of quiet stretches of a day (9 of 50)" in page
        assert "84%" in page
        assert "60%" in page

    def test_that_fell_silent_says_so_in_the_list(self, shop, as_ada):
        metric = make_metric(shop)
        make_samples(metric, timezone.now() - timedelta(days=9), [1.0] * 48)

        assert b"silent since" in as_ada.get("/p/shop/metrics/").content

    def test_is_drawn_small_in_the_list(self, shop, as_ada):
        make_wake(shop)

        assert b'<svg class="spark"' in as_ada.get("/p/shop/metrics/").content


def _main(answer):
    return answer.content.split(b"<main")[1]


class TestTheContextOfPages:
    def test_knows_no_projects_for_a_person_without_a_session(self, rf):
        from dashboard.context import projects

        request = rf.get("/")
        request.user = AnonymousUser()

        assert projects(request)["my_projects"] == []

    def test_offers_all_my_projects_in_the_switcher(self, shop, ada, as_ada, bs):
        make_member(make_project("Bakery"), ada)

        menu = bs(as_ada.get("/p/shop/")).select_one(".menu--switch")

        assert "Bakery" in menu.get_text()

"""Whatever is sent: an answer that names the mend, nothing lost, never a server error."""

import json
from datetime import UTC

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from common.errors import BadInput
from deployments.models import Delivery, Deployment
from deployments.providers import generic, github
from deployments.providers.base import Told
from deployments.ship import NotAShip
from engagement.intake import define_metric
from engagement.models import MetricSample
from engagement.sample_rows import read_sample
from feedback.models import FeedbackItem
from feedback.rows import read_feedback
from tests.factories import NOW

DOORS = ["deployments", "feedback", "metrics", "metrics/samples"]
IMPOSSIBLE_TIMES = [
    "2026-02-30", "2026-02-30T10:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01",
    "9999-12-31T23:59:59-12:00", "9999-12-31", "2026-13-01T00:00:00Z", "2026-03-01T25:00:00Z",
    "2026-03-01T10:00:00", "yesterday", "٢٠٢٦-٠٣-٠١", "\x00", "\ud800", "🦊", True, [], {}, 1e300,
    -1e300, 10**400, 0, -1, "99999999999999999999", "P1D", "24:00",
]  # fmt: skip


def send(api, door, body):
    raw = body if isinstance(body, bytes | str) else json.dumps(body)
    return api.post(f"/api/v1/{door}/", raw, content_type="application/json")


@pytest.mark.parametrize("door", DOORS)
class TestBodiesThatAreNoJson:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"not json",
            b'{"version": NaN}',
            b'{"version": Infinity}',
            b"\xff\xfe\x00",
            b'{"version": "\xe4"}',
            b"\x00",
            b'{"version": "1"} trailing',
            b"[" * 100_000,
            b"[" * 100_000 + b"]" * 100_000,
            b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
            b'{"version": ' + b"9" * 10_000 + b"}",
        ],
        ids=lambda body: repr(body[:20]),
    )
    def test_they_are_refused_with_the_field_and_the_mend(self, api, door, body):
        answer = send(api, door, body)

        assert answer.status_code == 400
        assert {"field", "message", "mend"} <= answer.json()["errors"][0].keys()

    @pytest.mark.parametrize("body", ["null", "7", '"text"', "true", "[[]]", "[null]", '["x"]'])
    def test_json_that_is_no_object_is_no_server_error(self, api, door, body):
        assert send(api, door, body).status_code in (200, 400)

    @pytest.mark.parametrize(
        "kind", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "x", ""]
    )
    def test_the_content_type_does_not_matter(self, api, door, kind):
        answer = api.post(f"/api/v1/{door}/", b"{", content_type=kind)

        assert answer.status_code == 400

    def test_a_body_over_the_limit_is_refused_as_too_large(self, api, door, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

        answer = send(api, door, {"version": "x" * 2_000})

        assert answer.status_code == 413
        assert "Send it in parts" in answer.json()["detail"]


class TestHookBodies:
    def test_a_body_over_the_limit_is_refused_as_too_large(self, shop, client, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
        hook = shop.webhooks.create()

        answer = client.post(f"/hooks/github/{hook.key}/", b"x" * 2_000, "application/json")

        assert answer.status_code == 413


class TestTexts:
    @pytest.mark.parametrize(
        "text", ["\x00", "a\x00b", "\ud83e", "\ud83e\udd8a", "🦊🏽‍♀️", "مرحبا \u202eabc", "z͑ͫ̓ͪ̂"]
    )
    def test_any_text_is_stored_and_can_be_read_again(self, api, shop, text):
        answer = send(api, "feedback", {"id": "r1", "text": f"It is {text}", "note": {text: text}})

        assert answer.status_code == 201
        assert api.get(f"/api/v1/feedback/{answer.json()['id']}/").status_code == 200

    def test_an_emoji_comes_back_as_it_went_in(self, api):
        pk = send(api, "feedback", {"text": "🦊 مرحبا"}).json()["id"]

        assert api.get(f"/api/v1/feedback/{pk}/").json()["text"] == "🦊 مرحبا"

    def test_two_megabytes_of_text_are_refused_by_name(self, api):
        answer = send(api, "feedback", {"text": "x" * 2_000_000})

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "text"

    @pytest.mark.parametrize("field", ["title", "notes", "url"])
    def test_a_decoration_that_is_too_long_does_not_lose_the_ship(self, api, field):
        answer = send(api, "deployments", {"version": "1.0", field: "x" * 2_000_000})

        assert answer.status_code == 201
        assert answer.json()["problems"][0].startswith(field)

    @pytest.mark.parametrize("path", ["deployments", "feedback", "metrics/x/samples"])
    @pytest.mark.parametrize(
        "query",
        [
            "since=yesterday", "since=0001-01-01", "until=9999-12-31", "status=%00", "version=%00",
            "cursor=%00", "cursor=bz0x", "cursor=cD1ub3RhdGltZQ==", "page_size=-1", "page_size=x",
            "rating_min=x", "rating_max=nan", "q=%00", "q=%F0%9F", "source=%ED%A0%80",
            "environment=" + "x" * 2_000, "cursor=cD0wMDAxLTAxLTAx", "cursor=bz05OTk5OTk5OTk5OTk5",
        ],
    )  # fmt: skip
    def test_odd_filters_are_no_server_error(self, api, path, query):
        send(api, "metrics", {"key": "x"})

        assert api.get(f"/api/v1/{path}/?{query}").status_code in (200, 400, 404)

    @pytest.mark.parametrize("path", ["deployments", "feedback"])
    def test_an_id_larger_than_any_row_is_not_found(self, api, path):
        assert api.get(f"/api/v1/{path}/{10**30}/").status_code == 404

    @pytest.mark.parametrize("shown", ["", "x", "x.y", "\x00.y", "é.ü", "." * 999, "x" * 9_999])
    def test_odd_keys_are_refused(self, shop, client, shown):
        answer = client.get("/api/v1/deployments/", headers={"Authorization": f"Bearer {shown}"})

        assert answer.status_code == 401


class TestTimes:
    @pytest.mark.parametrize("time", IMPOSSIBLE_TIMES, ids=lambda time: repr(time)[:30])
    def test_an_impossible_time_is_refused_by_name(self, api, time):
        ship = send(api, "deployments", {"version": "1.0", "finished_at": time})
        said = send(api, "feedback", {"text": "Good", "created_at": time})
        sample = send(api, "metrics/samples", [{"metric": "m", "at": time, "value": 1}])

        assert (ship.status_code, said.status_code) == (400, 400)
        assert ship.json()["errors"][0]["field"] == "finished_at"
        assert said.json()["errors"][0]["field"] == "created_at"
        assert sample.json()["errors"][0]["field"] == "at"

    def test_an_epoch_beyond_all_numbers_is_refused(self, api):
        answer = send(api, "deployments", '{"version": "1.0", "finished_at": 1e400}')

        assert answer.status_code == 400


class TestNothingIsLost:
    def test_fields_that_are_not_known_are_kept(self, api, shop):
        send(api, "deployments", {"version": "1.0", "pipeline": {"number": 7}})
        send(api, "feedback", {"text": "Good", "device": ["phone"]})

        assert Deployment.objects.get().extra == {"pipeline": {"number": 7}}
        assert FeedbackItem.objects.get().extra == {"device": ["phone"]}

    def test_a_deploy_call_that_is_refused_is_kept_as_it_came(self, api, shop):
        send(api, "deployments", b'{"version": "1.0", "finished_at": "2026-02-30"}')

        kept = Delivery.objects.get(project=shop)
        assert kept.outcome == "unreadable"
        assert b"2026-02-30" in bytes(kept.body)
        assert "finished_at" in kept.reason

    @pytest.mark.parametrize(
        "wish", ["x", [], 7, {"metric": "!!!", "min_effect": 1}, {"metric": "m"}, {"metric": []},
                 {"metric": "m" * 101, "min_effect": 1}, "\x00 +2%", "Expect: x\x00 +2% within 7d",
                 {"metric": "m", "min_effect": "2%", "window": "P99999999999D"},
                 {"metric": "m", "min_effect": "2%", "window": -1e300},
                 {"metric": "m", "min_effect": True}, {"metric": "m", "min_effect": 10**400}],
        ids=repr,
    )  # fmt: skip
    def test_a_hypothesis_that_cannot_be_read_does_not_lose_the_ship(self, api, wish):
        answer = send(api, "deployments", {"version": "1.0", "hypothesis": wish})

        assert answer.status_code == 201
        assert answer.json()["problems"] or answer.json()["hypothesis"] or not wish

    @pytest.mark.parametrize("part", ["commits", "pull_requests", "shippers", "areas", "tags",
                                      "fixes", "author"])  # fmt: skip
    @pytest.mark.parametrize(
        "value", [7, "x", [7], [None], [{}], {"a": 1}, [["x"]], True, ["\x00"]]
    )
    def test_a_decoration_of_the_wrong_type_does_not_lose_the_ship(self, api, part, value):
        assert send(api, "deployments", {"version": "1.0", part: value}).status_code == 201


class TestNumbers:
    @pytest.mark.parametrize("rating", [True, 0, 6, -1, "lots", [], {}, 1e300, 10**400, "nan"])
    def test_what_is_no_rating_is_refused_by_name(self, api, rating):
        answer = send(api, "feedback", {"text": "Good", "rating": rating})

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "rating"

    @pytest.mark.parametrize("value", [True, "seven", [], {}, 10**400, "nan", "inf", None])
    def test_what_is_no_value_is_refused_by_name(self, api, value):
        report = send(
            api, "metrics/samples", [{"metric": "m", "at": NOW.isoformat(), "value": value}]
        )

        assert report.json()["errors"][0]["field"] == "value"

    def test_a_share_beyond_all_numbers_is_refused(self, api):
        row = {"metric": "m", "at": NOW.isoformat(), "numerator": 1e308, "denominator": 1e-308}

        assert send(api, "metrics/samples", [row]).json()["refused"] == 1
        assert not MetricSample.objects.exists()


# --- Anything at all ---------------------------------------------------------------------------
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from(["2026-03-01T10:00:00Z", "5", "7d", "2%", 10**400, 1e308, "\x00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def bodies(*names):
    known = st.fixed_dictionaries({}, optional=dict.fromkeys(names, anything))
    return known | anything


ships = bodies(*generic.FIELDS)
rows = bodies("id", "text", "rating", "rating_max", "created_at", "customer", "source", "extra")
samples = bodies("metric", "at", "value", "numerator", "denominator")


class TestReadersRefuseOnlyWithBadInput:
    @given(ships)
    @settings(max_examples=400)
    def test_a_ship(self, body):
        try:
            generic.parse(body, now=NOW)
        except BadInput as error:
            assert error.field

    @given(st.sampled_from(["deployment_status", "ping", ""]), bodies("deployment", "repository",
           "deployment_status"), ships)  # fmt: skip
    @settings(max_examples=300)
    def test_a_delivery(self, event, body, deployment):
        if isinstance(body, dict):
            body = {"deployment_status": {"state": "success"}, "deployment": deployment, **body}
        try:
            github.parse(Told(event, body, {}, NOW))
        except (BadInput, NotAShip) as error:
            assert str(error)

    @given(rows, st.sampled_from([None, UTC]))
    @settings(max_examples=400)
    def test_a_row_of_feedback(self, row, zone):
        try:
            read_feedback(row, now=NOW, zone=zone)
        except BadInput as error:
            assert error.field

    @given(samples, st.sampled_from([None, UTC]))
    @settings(max_examples=400)
    def test_a_sample(self, row, zone):
        try:
            read_sample(row, now=NOW, zone=zone)
        except BadInput as error:
            assert error.field


shared = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


class TestDoorsNeverFail:
    @given(ships)
    @example({"version": "1", "hypothesis": {"metric": "m", "min_effect": 1e-320}})
    @shared
    def test_deployments(self, api, body):
        self.check(api, "deployments", body)

    @given(rows)
    @shared
    def test_feedback(self, api, body):
        self.check(api, "feedback", body)
        self.check(api, "feedback", [body])

    @given(samples)
    @shared
    def test_samples(self, api, body):
        self.check(api, "metrics/samples", [body])

    @given(bodies("key", "name", "unit", "kind", "good_direction", "resolution"))
    @example({"key": "m", "kind": []})
    @example({"key": "m", "name": ""})
    @shared
    def test_metrics(self, api, body):
        self.check(api, "metrics", body)

    @given(st.binary(max_size=200))
    @shared
    def test_any_bytes(self, api, body):
        for door in DOORS:
            assert send(api, door, body).status_code < 500

    def check(self, api, door, body):
        try:
            raw = json.dumps(body)
        except ValueError:
            return
        assert send(api, door, raw).status_code in (200, 201, 400)


def test_a_metric_is_not_renamed_to_nothing(shop):
    define_metric(shop, {"key": "orders", "name": "Orders"})
    metric, _ = define_metric(shop, {"key": "orders", "name": ""})

    assert metric.name == "Orders"

from engagement.models import MetricSample

URL = "/api/v1/metrics/samples/"


def post(api, body, url=URL):
    return api.post(url, body, content_type="application/json")


class TestSendSamples:
    def test_a_sample_is_stored_in_its_bucket(self, api, shop):
        post(api, [{"metric": "orders", "at": "2026-03-01T10:25:00Z", "value": 7}])

        sample = MetricSample.objects.get(metric__project=shop)
        assert (f"{sample.taken_at:%H:%M}", sample.value) == ("10:00", 7)

    def test_the_answer_names_the_metrics_that_are_new(self, api, shop):
        answer = post(api, {"samples": [{"metric": "orders", "at": 1772359200, "value": 7}]})

        assert answer.json()["new_metrics"] == ["orders"]


class TestMetrics:
    def test_a_metric_is_defined_and_listed(self, api, shop):
        post(api, {"key": "Orders", "kind": "count", "resolution": "1d"}, "/api/v1/metrics/")

        said = api.get("/api/v1/metrics/").json()["results"]
        assert [(row["key"], row["kind"], row["resolution_seconds"]) for row in said] == [
            ("orders", "count", 86400)
        ]

    def test_defining_it_again_answers_200(self, api, shop):
        post(api, {"key": "orders"}, "/api/v1/metrics/")

        assert post(api, {"key": "orders"}, "/api/v1/metrics/").status_code == 200


class TestListSamples:
    def test_oldest_first_within_the_times(self, api, shop):
        rows = [
            {"metric": "orders", "at": f"2026-03-0{day}T00:00:00Z", "value": day}
            for day in (4, 3, 2, 1)
        ]
        post(api, rows)

        said = api.get("/api/v1/metrics/orders/samples/?since=2026-03-02&until=2026-03-04").json()

        assert [row["value"] for row in said["results"]] == [2, 3]

    def test_more_rows_than_a_batch_holds_are_refused_with_the_limit(self, api, shop):
        answer = post(api, [{}] * 10_001)

        assert answer.status_code == 413
        assert "at most 10,000" in answer.json()["detail"]

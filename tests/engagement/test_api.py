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

from deployments.models import Delivery, Deployment

URL = "/api/v1/deployments/"


def post(api, body):
    return api.post(URL, body, content_type="application/json")


class TestReportDeployment:
    def test_a_ship_is_recorded(self, api, shop):
        answer = post(api, {"version": "1.2.3"})

        assert answer.status_code == 201
        assert Deployment.objects.get(project=shop).version == "1.2.3"

    def test_a_retry_is_no_error_and_stores_nothing_twice(self, api, shop):
        post(api, {"version": "1.2.3"})
        answer = post(api, {"version": "1.2.3"})

        assert (answer.status_code, answer.json()["created"]) == (200, False)
        assert Deployment.objects.filter(project=shop).count() == 1

    def test_a_body_that_is_not_json_is_refused_and_kept(self, api, shop):
        answer = post(api, '{"version": ')

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "body"
        kept = Delivery.objects.get(project=shop)
        assert (kept.outcome, bytes(kept.body)) == ("unreadable", b'{"version": ')

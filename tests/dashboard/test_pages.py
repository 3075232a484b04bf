import pytest


class TestEveryPage:
    @pytest.mark.parametrize("path", ["", "ships/", "metrics/"])
    def test_opens_for_a_viewer_of_an_empty_project(self, as_vic, path):
        assert as_vic.get(f"/p/shop/{path}").status_code == 200

    @pytest.mark.parametrize("path", ["", "ships/", "metrics/"])
    def test_does_not_exist_for_a_stranger(self, shop, as_cleo, path):
        assert as_cleo.get(f"/p/shop/{path}").status_code == 404

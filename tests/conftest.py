"""The cast: Ada owns the shop, Ben is on her team, Vic may look, Cleo must see nothing."""

import os

import pytest
from django.db import connection, connections
from django.test import Client
from hypothesis import settings as hypothesis

from accounts.models import Project, Role, User
from engagement.no_data import forget_noted_ways
from tests.databases import Template
from tests.factories import make_key, make_member, make_project, make_user

# How long an example takes is no finding: the machine may be busy.
hypothesis.register_profile("untimed", hypothesis(), deadline=None)
hypothesis.load_profile("untimed")


@pytest.fixture(scope="session")
def template(tmp_path_factory, pytestconfig) -> Template:
    """A migrated database, of which every other one is a copy."""
    run = tmp_path_factory.getbasetemp()
    # The processes of one run have folders of their own in the run's.
    run = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    return Template(run, pytestconfig.cache.mkdir("migrated"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, template):
    yield from template.steer_django()


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """Pages name static files plainly: tests run without `collectstatic`."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def no_memory_of_other_tests():
    """What a process remembers of rows is of rows that were rolled back since."""
    forget_noted_ways()


@pytest.fixture
def ada(db) -> User:
    return make_user("ada@example.com", name="Ada")


@pytest.fixture
def shop(ada) -> Project:
    return make_project("Shop", owner=ada)


@pytest.fixture
def ben(shop) -> User:
    user = make_user("ben@example.com", name="Ben")
    make_member(shop, user, Role.MEMBER)
    return user


@pytest.fixture
def vic(shop) -> User:
    user = make_user("vic@example.com", name="Vic")
    make_member(shop, user, Role.VIEWER)
    return user


@pytest.fixture
def cleo(db) -> User:
    """Owns a project of her own, and must see nothing of the shop."""
    user = make_user("cleo@example.com", name="Cleo")
    make_project("Bakery", owner=user)
    return user


@pytest.fixture
def as_ada(ada) -> Client:
    return _signed_in(ada)


@pytest.fixture
def as_ben(ben) -> Client:
    return _signed_in(ben)


@pytest.fixture
def as_vic(vic) -> Client:
    return _signed_in(vic)


@pytest.fixture
def as_cleo(cleo) -> Client:
    return _signed_in(cleo)


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def api(shop) -> Client:
    """CI and other scripts of the shop, with a key that may do everything."""
    return Client(headers={"Authorization": f"Bearer {make_key(shop)}"})


@pytest.fixture
def database_on_disk(transactional_db, tmp_path):
    """SQLite's tests run in memory, where threads cannot wait for each other; give them a file."""
    if connection.vendor != "sqlite":
        yield
        return
    in_memory, path = connections["default"], tmp_path / "wake.sqlite3"
    in_memory.cursor().execute(f"VACUUM INTO '{path}'")
    name = connections.settings["default"]["NAME"]
    connections.settings["default"]["NAME"] = str(path)
    del connections["default"]
    yield
    connection.close()
    connections.settings["default"]["NAME"] = name
    connections["default"] = in_memory


def pytest_collection_modifyitems(config, items):
    """Leave out, where WAKE_TESTS=database says so, what was seen on the other database already."""
    if os.environ.get("WAKE_TESTS") != "database":
        return
    with_database = {"db", "transactional_db", "live_server", "template"}
    wanted = [
        one
        for one in items
        if one.get_closest_marker("django_db") or with_database & set(one.fixturenames)
    ]
    left_out = [one for one in items if one not in wanted]
    config.hook.pytest_deselected(items=left_out)
    items[:] = wanted

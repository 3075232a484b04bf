"""make_* functions: each builds a whole, valid thing from the few facts a test is about."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import ApiKey, Membership, Project, Role, Scope, User
from deployments.intake import record_deployment
from deployments.models import Deployment
from deployments.ship import Expectation, Person, Ship
from engagement.models import Metric, MetricSample
from engagement.rolling import samples_changed
from feedback.intake import submit_feedback
from feedback.models import FeedbackItem

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)  # a Wednesday
_numbers = count(1)


def make_user(email: str = "", *, password: str = "correct horse battery", **facts: Any) -> User:
    email = email or f"person{next(_numbers)}@example.com"
    return User.objects.create_user(email, password, **facts)


def make_project(name: str = "", *, owner: User | None = None) -> Project:
    name = name or f"Project {next(_numbers)}"
    project = Project.objects.create(name=name, slug=name.lower().replace(" ", "-"))
    if owner:
        make_member(project, owner, Role.OWNER)
    return project


def make_member(project: Project, user: User, role: Role = Role.MEMBER) -> Membership:
    return Membership.objects.create(project=project, user=user, role=role)


def make_key(project: Project, *scopes: Scope) -> str:
    """Return an API key with these scopes, or with all of them if none is named."""
    scopes = scopes or tuple(Scope)
    _, key = ApiKey.objects.create_key(
        name="test", project=project, scopes=[scope.value for scope in scopes]
    )
    return key


def make_deployment(
    project: Project,
    version: str = "",
    *,
    shipped_at: datetime = NOW - timedelta(days=8),
    by: str = "ada@example.com",
    expectation: Expectation | None = None,
    now: datetime = NOW,
    **facts: Any,
) -> Deployment:
    ship = Ship(
        version=version or f"1.0.{next(_numbers)}",
        shipped_at=shipped_at,
        said_when=True,
        people=(Person(by),) if by else (),
        expectation=expectation,
        **facts,
    )
    return record_deployment(project=project, ship=ship, now=now).deployment


def make_feedback(
    project: Project, text: str = "It works well", *, now: datetime = NOW, **facts: Any
) -> FeedbackItem:
    """`facts` are the fields of the API's rows; `created_at` may be a datetime."""
    facts.setdefault("id", f"f{next(_numbers)}")
    row = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in facts.items()
    }
    report = submit_feedback(project=project, rows=[{"text": text, **row}], now=now)
    assert not report.errors, report.errors
    return FeedbackItem.objects.get(project=project, external_id=facts["id"])


def make_metric(project: Project, key: str = "checkout_conversion", **facts: Any) -> Metric:
    facts.setdefault("name", key.replace("_", " ").capitalize())
    return Metric.objects.create(project=project, key=key, **facts)


def make_samples(metric: Metric, start: datetime, values: list[float], **facts: Any) -> None:
    """Give `metric` one sample a bucket from `start` on."""
    MetricSample.objects.bulk_create(
        MetricSample(
            metric=metric,
            taken_at=metric.bucket(start) + i * metric.resolution,
            value=value,
            received_at=NOW,
            **facts,
        )
        for i, value in enumerate(values)
    )
    last = metric.bucket(start) + max(0, len(values) - 1) * metric.resolution
    samples_changed(metric, metric.bucket(start), last)

"""Who may: people, projects, who is a member of what, and the keys that scripts use."""

import re
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models, transaction
from django.db.models import Q
from django.utils.text import slugify
from rest_framework_api_key.models import AbstractAPIKey, BaseAPIKeyManager


class UserManager(BaseUserManager["User"]):
    """Makes people, known by their mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Save a person who signs in with `email`, lower-cased."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Save a person who may make projects; `manage.py createsuperuser` calls this."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the person with that mail address, whatever its case."""
        return self.get(email__iexact=username or "")


class User(AbstractUser):
    """A person who signs in with a mail address."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("mail address", unique=True)
    name = models.CharField(max_length=100, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """Return the name, or the address of a person who gave none."""
        return str(self)


class Role(models.TextChoices):
    """What a member may do; each may do all that the next one may."""

    OWNER = "owner", "Owner"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


# Each role may do all that the roles behind it may.
RANK = {Role.OWNER: 3, Role.MEMBER: 2, Role.VIEWER: 1}


class Project(models.Model):
    """What a team ships; owns everything else."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60, unique=True)
    timezone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="projects")

    def __str__(self) -> str:
        return self.name


def free_slug(name: str) -> str:
    """Return a slug for a project of that name that no project has yet."""
    stem = slugify(name)[:50] or "project"
    taken = set(Project.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(
        slug
        for slug in (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(taken) + 2))
        if slug not in taken
    )


class Membership(models.Model):
    """One person's role in one project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="a_person_joins_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class Alias(models.Model):
    """What somebody is called elsewhere, and which member that is, or that it is no member.

    A refused one says who it is not, so that Wake does not suggest that person again.
    """

    class Kind(models.TextChoices):
        """Where the name is from."""

        MAIL = "mail", "Mail address"
        LOGIN = "login", "Login"
        NAME = "name", "Name"

    project = models.ForeignKey(Project, models.CASCADE, related_name="aliases")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    value = models.CharField(max_length=254)  # in lower case
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="aliases")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "aliases"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "value"],
                name="an_alias_is_one_person",
                condition=Q(refused_at=None),
            ),
            models.UniqueConstraint(
                fields=["project", "kind", "value", "user"], name="an_alias_is_said_once"
            ),
        ]

    def __str__(self) -> str:
        return self.value


class Environment(models.Model):
    """Where versions go live, such as `production`.

    Only where customers are can they be changed: metrics and feedback are never laid at the door
    of a ship to an environment that does not reach them.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="environments")
    name = models.CharField(max_length=100)
    reaches_customers = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="an_environment_is_named_once")
        ]

    def __str__(self) -> str:
        return self.name


# Part of a name by which teams call the environments that no customer sees.
_REHEARSALS = re.compile(
    r"(^|[^a-z])(stag(e|ing)|test(ing)?|qa|dev(elopment)?|preview|review|sandbox|local|ci|uat)"
    r"($|[^a-z])",
    re.IGNORECASE,
)


def environment_for(project: Project, name: str) -> Environment:
    """Return the project's environment of that name, whatever its case, made if need be.

    Tools write "Production" and "production" and mean one place; the first spelling is kept.
    """
    known = Environment.objects.filter(project=project, name__iexact=name).order_by("pk")
    if environment := known.first():
        return environment
    with transaction.atomic():
        # Two that come at once with two spellings must not make two.
        Project.objects.select_for_update().get(pk=project.pk)
        return known.first() or Environment.objects.create(
            project=project, name=name, reaches_customers=_REHEARSALS.search(name) is None
        )


class Service(models.Model):
    """A part of a project that ships by itself."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="services")
    name = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="a_service_is_named_once")
        ]

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    """What an API key may do."""

    DEPLOYMENTS_WRITE = "deployments:write", "Report deployments"
    FEEDBACK_WRITE = "feedback:write", "Send feedback"
    METRICS_WRITE = "metrics:write", "Send metric samples"
    EVENTS_WRITE = "events:write", "Send events (may stand in a web page or an app)"
    READ = "read", "Read everything in the project"


class ApiKeyManager(BaseAPIKeyManager):
    """Makes keys and finds them again by what a caller shows."""

    def get_usable_keys(self) -> "models.QuerySet[Any]":
        """Return the keys that are not revoked, each with its project, in one query."""
        return self.filter(revoked=False).select_related("project")

    def find(self, shown: str) -> "ApiKey":
        """Return the key that a caller shows; raises ApiKey.DoesNotExist if there is none."""
        # PostgreSQL cannot even be asked about a NUL character.
        return cast("ApiKey", self.get_from_key(shown.replace("\x00", "")))


class ApiKey(AbstractAPIKey):
    """A key for scripts: only its hash is kept, its prefix tells it apart."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="api_keys")
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    last_used_at = models.DateTimeField(null=True)

    objects: ClassVar[ApiKeyManager] = ApiKeyManager()  # type: ignore[assignment]

    class Meta(AbstractAPIKey.Meta):
        verbose_name = "API key"
        ordering = ()  # type: ignore[assignment]

    def note_use(self, now: datetime) -> None:
        """Remember that the key was used; at most one write a minute, however busy it is."""
        if self.last_used_at is None or self.last_used_at < now - timedelta(minutes=1):
            stale = Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(minutes=1))
            ApiKey.objects.filter(stale, pk=self.pk).update(last_used_at=now)

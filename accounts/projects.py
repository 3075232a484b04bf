"""The writing door for projects."""

from django.db import transaction

from accounts.models import Environment, Membership, Project, Role, User, free_slug


def create_project(*, name: str, owner: User, timezone: str = "UTC") -> Project:
    """Save a project of that name, with `owner` as its owner and a production environment."""
    with transaction.atomic():
        project = Project.objects.create(name=name, slug=free_slug(name), timezone=timezone)
        Membership.objects.create(project=project, user=owner, role=Role.OWNER)
        Environment.objects.create(project=project, name="production")
    return project

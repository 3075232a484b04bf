"""`manage.py create_project`: makes a project and its owner."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email, validate_slug
from django.db import transaction

from accounts.models import Membership, Project, Role, User, free_slug


class Command(BaseCommand):
    """Makes a project; asked again for the same one, it says that it exists."""

    help = "Make a project and its owner. Asked again, it says that the project exists."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("name", help="what people call it")
        parser.add_argument("--owner", required=True, metavar="MAIL", help="who owns it")
        parser.add_argument("--slug", default="", help="its name in addresses (from the name)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing and say what was made."""
        name, email = options["name"].strip(), options["owner"].strip().lower()
        _check(name, email, options["slug"])
        with transaction.atomic():
            known = _known(name, email, options["slug"])
            if known:
                self.stdout.write(f"The project exists already, and {email} owns it.")
                self.stdout.write(known.slug)
                return
            if Project.objects.filter(slug=options["slug"]).exists():
                raise CommandError(f"Another project has the slug “{options['slug']}”.")
            user = User.objects.filter(email__iexact=email).first()
            password = "" if user else secrets.token_urlsafe(12)
            user = user or User.objects.create_user(email, password)
            project = Project.objects.create(name=name, slug=options["slug"] or free_slug(name))
            Membership.objects.create(project=project, user=user, role=Role.OWNER)
        if password:
            self.stdout.write(f"Made {email}, who signs in with the password {password}")
            self.stdout.write("It is shown only now: change it after signing in.")
        self.stdout.write(f"Made the project “{name}”, owned by {email}.")
        self.stdout.write(project.slug)


def _check(name: str, email: str, slug: str) -> None:
    if not 0 < len(name) <= 100:
        raise CommandError("A project's name has 1 to 100 characters.")
    try:
        validate_email(email)
    except ValidationError:
        raise CommandError(f"--owner {email}: this is not a mail address.") from None
    if not slug:
        return
    try:
        validate_slug(slug)
    except ValidationError:
        slug = ""
    if not 0 < len(slug) <= 60:
        raise CommandError("--slug takes up to 60 letters, digits, - and _.")


def _known(name: str, email: str, slug: str) -> Project | None:
    mine = Project.objects.filter(
        name=name, memberships__user__email__iexact=email, memberships__role=Role.OWNER
    )
    if slug:
        mine = mine.filter(slug=slug)
    return mine.order_by("pk").first()

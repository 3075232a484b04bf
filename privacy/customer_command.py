"""What both commands about a customer share: naming the project and the person."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Project
from engagement.forgetting import events_of, ids_of
from feedback.customers import find_customers
from feedback.models import Customer
from feedback.sorting import settle


class CustomerCommand(BaseCommand):
    """A command about one customer of one project."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument(
            "customer", help="the customer's id, mail address or whole name, or a user id of events"
        )

    def customer_named(self, **options: Any) -> Customer:
        """Return the customer that the arguments name, or stop with a sentence."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project “{options['project']}”.")
        settle(project, now=timezone.now())
        found = list(find_customers(project.pk, options["customer"])[:2])
        if not found and events_of(project, ids_of(project, [options["customer"]])).exists():
            # Somebody who never said anything, but did: known by the id of their events alone.
            return Customer.objects.create(project=project, external_id=options["customer"])
        if not found:
            raise CommandError("No customer of this project is known by that.")
        people = {customer.email.lower() or customer.pk for customer in found}
        if len(people) > 1:
            raise CommandError("Several customers have that name: give an id or a mail address.")
        return found[0]

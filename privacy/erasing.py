"""Erasing a customer everywhere, in one step, with proof.

Each room forgets what it holds; this one calls them in turn, in one transaction, so that a customer
is erased wholly or not at all. The proof names nobody: a reference, when, by whom, how many rows.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from common.traces import Traces
from deployments.forgetting import forget_in_ships
from digest.forgetting import forget_in_issues
from engagement.forgetting import forget_in_events
from feedback.customers import said_by, same_person, traces_of
from feedback.forgetting import forget_feedback, lock_for_forgetting
from feedback.models import Customer, Erasure, FeedbackItem
from feedback.sorting import settle
from learning.forgetting import forget_in_learnings
from outbound.forgetting import forget_in_messages


@dataclass(frozen=True, slots=True)
class Person:
    """All that is stored of one person: their rows as a customer, what they said, their traces."""

    customers: list[Customer]
    items: list[FeedbackItem]
    traces: Traces

    @property
    def known_as(self) -> set[str]:
        """The ids and mail addresses that this person goes by."""
        names = {name for one in self.customers for name in (one.external_id, one.email)}
        return names - {""}


def person_of(customer: Customer) -> Person:
    """Return all that is stored of the person that `customer` is."""
    customers = list(same_person(customer))
    items = said_by(customers)
    return Person(customers, items, traces_of(customers, items))


def erase_customer(customer: Customer, *, by: User | None, now: datetime) -> Erasure:
    """Erase the person that `customer` is from every table, and return the proof.

    What the database's own files still hold of it goes with `privacy.sweeping`.
    """
    project = customer.project
    settle(project, now=now)
    with transaction.atomic():
        lock_for_forgetting(project)
        # What came since then too; there is little of it.
        settle(project, now=now)
        person = person_of(customer)
        keys = [item.pk for item in person.items]
        counts: Counter[str] = Counter()
        counts.update(forget_in_messages(project, person.traces))
        counts.update(forget_in_issues(project, person.traces))
        counts.update(forget_in_learnings(project, keys, person.traces))
        counts.update(forget_in_ships(project, person.traces))
        counts.update(forget_in_events(project, person.known_as, person.traces))
        counts.update(
            forget_feedback(project, person.customers, person.items, person.traces, now=now)
        )
        return Erasure.objects.create(
            project=project,
            by=by,
            erased_at=now,
            counts={name: count for name, count in sorted(counts.items()) if count},
        )

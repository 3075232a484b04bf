"""The addresses that a mail links to: always absolute, as mail programs know no site."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import Project
from digest.models import Subscription

PREFERENCES = "digest.preferences"


def address(name: str, *args: Any) -> str:
    """Return the absolute address of the page of that URL name."""
    return f"{settings.BASE_URL}{reverse(name, args=args)}"


def ship_url(project: Project, pk: int) -> str:
    """Return the address of a ship's page."""
    return address("deployment", project.slug, pk)


def inbox_url(project: Project) -> str:
    """Return the address of the feedback inbox."""
    return address("inbox", project.slug)


def feedback_url(project: Project, pk: int) -> str:
    """Return the address of the page of one thing a customer said."""
    return address("feedback_item", project.slug, pk)


def learning_url(project: Project, pk: int) -> str:
    """Return the address of a learning's page, where it is also confirmed."""
    return address("learning", project.slug, pk)


def unsubscribe_url(subscription: Subscription) -> str:
    """Return the address that ends a subscription without signing in."""
    return address("unsubscribe", subscription.token)


def preferences_token(subscription: Subscription) -> str:
    """Return the signed secret that lets its holder change this one subscription."""
    words = {"s": subscription.pk, "v": subscription.links_version}
    return signing.dumps(words, salt=PREFERENCES)


def preferences_url(subscription: Subscription) -> str:
    """Return the address at which a subscription is changed without signing in."""
    return address("digest_preferences", preferences_token(subscription))

"""What people call those who post to Wake."""

from collections.abc import Iterable

from deployments.models import Delivery
from deployments.providers.registry import PROVIDERS

LABELS = {one.name: one.label for one in PROVIDERS.values()} | {"api": "Wake's own API"}


def labelled(deliveries: Iterable[Delivery]) -> list[tuple[Delivery, str]]:
    """Return each delivery with the name of who sent it."""
    return [(one, LABELS.get(one.provider, one.provider)) for one in deliveries]

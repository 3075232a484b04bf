"""Mails that leave Wake: what all of them share."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives


def host() -> str:
    """Return the name of the machine that Wake is reached at."""
    return urlsplit(settings.BASE_URL).hostname or "localhost"


class UnfoldedMail(EmailMultiAlternatives):
    """A mail whose headers keep an address on one line, however long it is."""

    def message(self, **options: Any) -> Any:
        """Return the mail as it goes out."""
        made = super().message(**options)
        # Folded, a long header would begin with an empty line: not every program reads on.
        made.policy = made.policy.clone(max_line_length=None)
        return made

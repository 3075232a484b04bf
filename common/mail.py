"""Mails that leave Wake: what all of them share."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

# Backends that show mails to whoever runs Wake, and send them to nobody.
_NOWHERE = ("console.EmailBackend", "dummy.EmailBackend", "filebased.EmailBackend")


def host() -> str:
    """Return the name of the machine that Wake is reached at."""
    return urlsplit(settings.BASE_URL).hostname or "localhost"


def goes_nowhere() -> bool:
    """Return True if no mail server is set: mail is printed, and kept on the page Mails."""
    keeps = settings.EMAIL_BACKEND == settings.KEEPING_BACKEND
    backend = settings.KEPT_BACKEND if keeps else settings.EMAIL_BACKEND
    return str(backend).endswith(_NOWHERE)


class UnfoldedMail(EmailMultiAlternatives):
    """A mail whose headers keep an address on one line, however long it is."""

    # Whose mail it is, if it is a project's: its owners may read what is kept of it.
    project_id: int | None = None

    def message(self, **options: Any) -> Any:
        """Return the mail as it goes out."""
        made = super().message(**options)
        # Folded, a long header would begin with an empty line: not every program reads on.
        made.policy = made.policy.clone(max_line_length=None)
        return made

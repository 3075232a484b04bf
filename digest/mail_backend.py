"""Django's way out for mails, where the last ones are also kept to be read on a page."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from digest.kept import keep


class KeepingBackend(BaseEmailBackend):
    """Sends by `inner`, the backend that EMAIL_URL or MAIL_PROVIDER says, and keeps what left."""

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self.inner = get_connection(settings.KEPT_BACKEND, fail_silently=fail_silently, **options)

    def open(self) -> bool | None:
        """Open a connection; return True if there was none."""
        return self.inner.open()

    def close(self) -> None:
        """Close the connection."""
        self.inner.close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send the mails and keep them; return how many left."""
        count = self.inner.send_messages(email_messages) or 0
        for message in email_messages if count else ():
            keep(message, now=timezone.now())
        return count

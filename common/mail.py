"""Mails that leave Wake: what all of them share."""

from email.mime.image import MIMEImage
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, SafeMIMEMultipart

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


def inline_picture(png: bytes, *, cid: str, name: str) -> MIMEImage:
    """Return a PNG that a mail's HTML shows as `cid:` and that name (RFC 2392)."""
    picture = MIMEImage(png, "png", name=name)
    picture.add_header("Content-ID", f"<{cid}>")
    picture.add_header("Content-Disposition", "inline", filename=name)
    return picture


class UnfoldedMail(EmailMultiAlternatives):
    """A mail whose headers keep an address on one line, however long it is.

    Attached pictures that are shown inline go beside the HTML: alternative(text, related(html,
    pictures)), as RFC 2387 has it and mail programs expect it.
    """

    # Whose mail it is, if it is a project's: its owners may read what is kept of it.
    project_id: int | None = None

    def message(self, **options: Any) -> Any:
        """Return the mail as it goes out."""
        made = super().message(**options)
        _put_pictures_beside_the_html(made)
        # Folded, a long header would begin with an empty line: not every program reads on.
        made.policy = made.policy.clone(max_line_length=None)
        return made


def _put_pictures_beside_the_html(made: Any) -> None:
    """Turn mixed(alternative(text, html), pictures) into alternative(text, related(...))."""
    parts = made.get_payload() if made.is_multipart() else []
    first, *others = parts or [None]
    is_ours = first is not None and first.get_content_type() == "multipart/alternative"
    if not is_ours or not others or any(part["Content-ID"] is None for part in others):
        return
    text, html = first.get_payload()
    related = SafeMIMEMultipart(_subtype="related", encoding=made.encoding, type="text/html")
    for part in (html, *others):
        related.attach(part)
    made.set_type("multipart/alternative")
    made.set_payload([text, related])

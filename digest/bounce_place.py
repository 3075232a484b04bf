"""Where the mailbox of bounces is, as BOUNCE_MAILBOX_URL says it."""

from urllib.parse import unquote, urlsplit

from django.conf import settings

from common.places import ConnectionFault
from feedback.connectors.imap_link import Place

INBOX = "INBOX"


def place_of(url: str) -> tuple[str, Place, str]:
    """Return what the mailbox is known as, where it is, and its folder; raises ConnectionFault.

    `url` is imaps://user:password@host:port/folder; imap:// means STARTTLS on port 143. The user
    may be a whole address with `%40` in it. The name holds no password.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if (
        parts.scheme not in ("imap", "imaps")
        or not parts.hostname
        or not parts.username
        or port == 0
    ):
        raise ConnectionFault(
            "BOUNCE_MAILBOX_URL is no address of a mailbox.",
            "Write imaps://user:password@host/INBOX.",
        )
    starttls = parts.scheme == "imap"
    place = Place(
        host=parts.hostname,
        port=port or (143 if starttls else 993),
        uses_starttls=starttls,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        private_hosts=tuple(settings.ALLOW_PRIVATE_HOSTS),
    )
    folder = unquote(parts.path.strip("/")) or INBOX
    return f"{place.user} at {place.host}:{place.port}/{folder}"[:300], place, folder

"""How mail leaves, and where bounces come back to, as the environment says."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.env import Env

# Those that django-anymail sends by; docs/settings.md names what each wants to know.
PROVIDERS = (
    "amazon_ses", "brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "mandrill", "postal",
    "postmark", "resend", "scaleway", "sendgrid", "sparkpost", "unisender_go",
)  # fmt: skip
KEEPING_BACKEND = "digest.mail_backend.KeepingBackend"
KEPT = 200
PREFIX = "ANYMAIL_"
TIMEOUT_SECONDS = 20


def mail_settings(env: Env) -> dict[str, Any]:
    """Return Django's and anymail's settings for mail; raises ImproperlyConfigured."""
    found: dict[str, Any] = env.read(
        env.email_url,
        "EMAIL_URL",
        default="consolemail://",
        help="How mail leaves: smtp+tls://user:password@host:587, or consolemail:// to print it.",
    )
    provider = env.read(
        env.str, "MAIL_PROVIDER", default="", help="Send by this provider's API, not by EMAIL_URL."
    )
    found |= {"EMAIL_TIMEOUT": TIMEOUT_SECONDS, "ANYMAIL": _anymail(env), "MAIL_PROVIDER": provider}
    if provider and provider not in PROVIDERS:
        raise ImproperlyConfigured(
            f"MAIL_PROVIDER is “{provider}”. It is one of: {', '.join(PROVIDERS)}."
        )
    if provider:
        found["EMAIL_BACKEND"] = f"anymail.backends.{provider}.EmailBackend"
    keep = env.read(
        env.int,
        "KEEP_MAILS",
        default=KEPT if found["EMAIL_BACKEND"].endswith(".console.EmailBackend") else 0,
        help="So many of the last mails can be read on the page Mails; 0 switches it off.",
    )
    found |= {"KEEP_MAILS": keep, "KEEPING_BACKEND": KEEPING_BACKEND}
    found["KEPT_BACKEND"] = found["EMAIL_BACKEND"]
    if keep > 0:
        found["EMAIL_BACKEND"] = KEEPING_BACKEND
    return found


def _anymail(env: Env) -> dict[str, Any]:
    """Return what the environment says under anymail's own names, such as ANYMAIL_BREVO_API_KEY."""
    names = {name.removesuffix("_FILE") for name in env.ENVIRON if name.startswith(PREFIX)}
    said = {name.removeprefix(PREFIX): env.str(name) for name in names}
    return {"REQUESTS_TIMEOUT": TIMEOUT_SECONDS} | said

"""Any tool that can post JSON: in Wake's own fields, or read by a mapping in JMESPath. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from common.api import batch_in
from common.errors import BadInput
from common.expressions import find
from common.payloads import line
from common.places import Setting
from common.values import storable_json
from common.webhooks import ANY_TOKEN, BITBUCKET, GITHUB
from feedback.connectors.base import Connector, Heard, NotFeedback, Row
from feedback.connectors.html import html_to_text

# Each field, and what to say of it on the page.
FIELDS = {
    "only_when": "A condition: where it is false, the call is ignored.",
    "items": "A list, where one call tells of several things said; the rest is read in each.",
    "id": "What names this one thing said, the same in each of its calls.",
    "text": "The words; this or a rating is needed. A list becomes paragraphs, HTML plain text.",
    "rating": "A number.",
    "rating_scale": "Which scale: stars, nps, csat, percent, thumbs, or two ends such as 1-7.",
    "rating_max": "The best rating that can be given there; 5 if empty.",
    "created_at": "When it was said; the moment of the call if empty.",
    "version": "The version that the customer runs.",
    "environment": "Where the customer is.",
    "customer_id": "What the tool knows the customer by.",
    "customer_name": "The customer’s name.",
    "customer_email": "The customer’s mail address.",
    "area": "Which part of the product it is about.",
    "url": "A link to it.",
    "reply_text": "What the team answered.",
    "replied_at": "When the team answered.",
}
MAX_ITEMS = 1_000
_NOT_IN_ROWS = ("only_when", "items", "customer_id", "customer_name", "customer_email")
_HTML = re.compile(r"(?i)<(?:div|p|br|span|ul|ol|li|table|h[1-6]|b|i|strong|em|a)\b[^<>]*/?>")

# What tools send that people begin with: the mapping of each.
PRESETS: dict[str, tuple[str, dict[str, str]]] = {
    "freshdesk": (
        "Freshdesk",
        {
            "only_when": "contains(freshdesk_webhook.triggered_event || '', 'created')",
            "id": "freshdesk_webhook.ticket_id",
            "text": "[freshdesk_webhook.ticket_subject, freshdesk_webhook.ticket_description]",
            "customer_name": "freshdesk_webhook.requester_name",
            "customer_email": "freshdesk_webhook.requester_email",
            "url": "freshdesk_webhook.ticket_url",
        },
    ),
    "jira": (
        "Jira",
        {
            "only_when": "contains(['jira:issue_created', 'jira:issue_updated'], webhookEvent)",
            "id": "issue.key",
            "text": "[issue.fields.summary, issue.fields.description]",
            "created_at": "issue.fields.created",
            "version": "issue.fields.versions[0].name",
            "area": "issue.fields.components[0].name",
            "customer_id": "issue.fields.reporter.accountId || issue.fields.reporter.name",
            "customer_name": "issue.fields.reporter.displayName",
            "customer_email": "issue.fields.reporter.emailAddress",
        },
    ),
}


def mapping_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the mapping that holds: the one that was written, else that of the chosen tool."""
    written = options.get("mapping")
    if isinstance(written, dict) and written:
        return written
    preset = str(options.get("preset") or "")
    return PRESETS[preset][1] if preset in PRESETS else {}


def read(heard: Heard) -> list[Row]:
    """Return the rows of a call, by the connection's mapping or in Wake's own fields.

    Raises NotFeedback where the condition `only_when` is not met, BadInput where it cannot be read.
    """
    mapping = mapping_of(heard.options)
    rows = apply_mapping(mapping, heard.body) if mapping else _own_fields(heard.body)
    source = str(heard.options.get("source") or "webhook")
    return [{**row, "source": source} if isinstance(row, dict) else row for row in rows]


def _own_fields(body: Any) -> list[Row]:
    if not isinstance(body, dict | list):
        raise BadInput("body", "must be an object or a list.", 'Send {"text": "..."}.')
    rows = batch_in(body, "feedback", most=MAX_ITEMS)
    return rows if rows is not None else [dict(body)]


def apply_mapping(mapping: Mapping[str, str], body: Any) -> list[Row]:
    """Return a row for each thing said that the body tells of; raises as read() does."""
    if mapping.get("only_when") and not find(mapping, "only_when", body):
        raise NotFeedback(f"The condition {mapping['only_when']} is not met.")
    each: list[Any] = [body]
    if mapping.get("items"):
        found = find(mapping, "items", body)
        each = found if isinstance(found, list) else []
        if not each:
            raise NotFeedback(f"{mapping['items']} finds nothing that was said.")
    if len(each) > MAX_ITEMS:
        raise BadInput(
            "items", f"are {len(each):,}; at most {MAX_ITEMS:,} are taken.", "Send less."
        )
    return [_row(mapping, one) for one in each]


def _row(mapping: Mapping[str, str], one: Any) -> Row:
    found = {name: storable_json(find(mapping, name, one)) for name in FIELDS if mapping.get(name)}
    row = {name: value for name, value in found.items() if name not in _NOT_IN_ROWS}
    for name in ("text", "reply_text"):
        if name in row:
            row[name] = _plain(row[name])
    customer = {name: found.get(f"customer_{name}") for name in ("id", "name", "email")}
    known = {name: value for name, value in customer.items() if value not in (None, "")}
    return {**row, "customer": known} if known else row


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        parts = [str(_plain(part)) for part in value if part not in (None, "")]
        return "\n\n".join(part for part in parts if part)
    return html_to_text(value) if isinstance(value, str) and _HTML.search(value) else value


def _event(_headers: Mapping[str, str], body: Any) -> str:
    names = ("event", "webhookEvent", "event_type", "type", "topic", "action")
    found = (line(body.get(name), 100) for name in names) if isinstance(body, dict) else ()
    return next((name for name in found if name), "")


def _call_id(headers: Mapping[str, str], _body: Any) -> str:
    # Standard Webhooks, the IETF's draft, and Jira; each is the same in every retry.
    names = ("webhook-id", "idempotency-key", "x-atlassian-webhook-identifier")
    return next((headers[name] for name in names if headers.get(name)), "")


WEBHOOK = Connector(
    name="webhook",
    label="Any tool with webhooks",
    what="What any tool posts as JSON: you say which of its fields is which.",
    settings=(
        Setting(
            "source",
            "What its feedback is called",
            "One word, such as freshdesk; the inbox can be narrowed to it.",
            default="webhook",
        ),
        Setting(
            "preset",
            "How it is read",
            "You can write a mapping of your own after this, by a call that came in.",
            is_required=False,
            choices=(
                ("", "In Wake’s own fields, or by a mapping of yours"),
                *((name, f"As {label} sends it") for name, (label, _) in PRESETS.items()),
            ),
        ),
    ),
    setup=(
        "In the tool, add a webhook that posts JSON to `{url}`.",
        "Let it send the secret as `Authorization: Bearer SECRET` or `X-Wake-Token: SECRET`, or "
        "sign its calls by Standard Webhooks or with `X-Hub-Signature-256`, as Jira can.",
        "Let it call once. What came in is shown here, and if it cannot be read yet, you say "
        "which of its fields is which, and read it again.",
    ),
    copies=(
        (
            "Try it from a shell",
            "curl -X POST {url} -H 'Authorization: Bearer SECRET' \\\n"
            '  -d \'{"id": "1", "text": "The new checkout is great", "rating": 5}\'',
        ),
    ),
    read=read,
    schemes=(*ANY_TOKEN, GITHUB, BITBUCKET),
    event=_event,
    call_id=_call_id,
)

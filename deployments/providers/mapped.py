"""Any other tool: Wake's own fields, or a field mapping that the project saved."""

from collections.abc import Mapping
from typing import Any

from common.errors import BadInput
from common.payloads import dig, line, moment, web
from deployments.mapping import apply_mapping
from deployments.providers.base import STATUS_OF, Provider, Told, make_ship
from deployments.ship import Ship


def parse(told: Told) -> list[Ship]:
    """Return the ships that a call tells of, read by the saved mapping if there is one."""
    mapping = told.options.mapping
    if not mapping:
        if not isinstance(told.body, Mapping):
            raise BadInput("body", "must be a JSON object.", "Or save a field mapping for it.")
        return [make_ship(told, told.body)]
    return [make_ship(told, _facts(told, one)) for one in apply_mapping(mapping, told.body)]


def _facts(told: Told, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was found, in a form that Wake reads: any vendor's status, any common time."""
    said = line(found.get("status")).lower().replace("-", "_").replace(" ", "_")
    return {
        **found,
        "status": STATUS_OF.get(said, found.get("status")),
        "environment": found.get("environment") or told.options.environment,
        "started_at": moment(found.get("started_at")),
        "finished_at": moment(found.get("finished_at")),
        "url": web(found.get("url")),
        "author": found.get("author") or None,
    }


def _identity(headers: Mapping[str, str], _body: Any) -> str:
    for name in ("webhook-id", "idempotency-key", "x-request-id"):
        if headers.get(name):
            return headers[name]
    return ""


def _kind(headers: Mapping[str, str], body: Any) -> str:
    named = (dig(body, name) for name in ("event", "type", "event_type", "action", "object_kind"))
    return headers.get("x-event", "") or next((text for text in map(line, named) if text), "")


GENERIC = Provider(
    name="generic",
    label="Any other tool",
    parse=parse,
    events=_kind,
    delivery_id=_identity,
    choices=("environment",),
    setup=(
        "Let the tool POST its JSON to `{url}`.",
        "Prove who sends: `Authorization: Bearer` and the webhook's secret, or the header "
        "`X-Wake-Token`, or sign by Standard Webhooks.",
        "A body in Wake's own fields (docs/api.md) is read as it is. For any other, write the "
        "field mapping: pick a delivery that came in, say in JMESPath which field is which, and "
        "try it before you save.",
    ),
    example="""\
curl --max-time 10 {url} \\
  -H "Authorization: Bearer $WAKE_SECRET" -H "Content-Type: application/json" \\
  -d '{"version": "1.4.0", "environment": "production"}'""",
)

"""Tells Grafana: a mark where a ship went live, which becomes a region when its verdict is reached.

Shapes: grafana.com/docs, "Annotations HTTP API".
"""

import json
from datetime import datetime
from html import escape
from typing import Any

from common.http import Answer
from outbound.models import Event, Message
from outbound.webhook import Caller

API = "/api/annotations"


def deliver(message: Message, call: Caller, *, now: datetime) -> tuple[Answer, str]:
    """Write or bring up to date the annotation; return the answer, and the annotation's id."""
    said = annotation(message, now=now)
    known = _known_id(message)
    if known:
        answer = _send("PATCH", f"{API}/{known}", message, said, call)
        if answer.status != 404:  # somebody deleted it in Grafana: write another
            return answer, known
    answer = _send("POST", API, message, said, call)
    return answer, _id_in(answer)


def annotation(message: Message, *, now: datetime) -> dict[str, Any]:
    """Return what Grafana is to show: a point for a ship, a region from ship to verdict."""
    data = message.body["data"]
    if message.event == Event.TEST:
        return {
            "time": _millis(now.isoformat()),
            "tags": ["wake", "test", data["project"]],
            "text": escape(data["message"]),
        }
    ship = data["ship"]
    tags = ["wake", "ship", data["project"], ship["environment"], ship["service"]]
    name = ship["title"] or ship["version"]
    text = f'<a href="{escape(ship["url"])}">{escape(name)}</a>'
    said: dict[str, Any] = {"time": _millis(ship["shipped_at"])}
    if message.event == Event.VERDICT_REACHED:
        tags.append(f"verdict:{data['verdict']}")
        text += f"<br>{escape(data['verdict_label'])}: {escape(data['learning']['headline'])}"
        if data["reached_at"]:
            said["timeEnd"] = _millis(data["reached_at"])
    return {**said, "tags": [tag for tag in tags if tag], "text": text}


def _known_id(message: Message) -> str:
    """Return the id of the annotation that an earlier message wrote for the same ship."""
    if message.event == Event.TEST:
        return ""
    ship = message.body["data"]["ship"]["id"]
    earlier = Message.objects.filter(hook=message.hook_id, body__data__ship__id=ship)
    found = earlier.exclude(remote_id="").order_by("-sent_at").values_list("remote_id", flat=True)
    return found.first() or ""


def _send(method: str, path: str, message: Message, said: dict[str, Any], call: Caller) -> Answer:
    headers = {
        "Authorization": f"Bearer {message.hook.secret}",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    url = message.hook.url.rstrip("/") + path
    return call(method, url, headers=headers, body=json.dumps(said).encode())


def _id_in(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body)["id"])[:60] if answer.is_success else ""
    except (ValueError, KeyError, TypeError):
        return ""


def _millis(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1000)

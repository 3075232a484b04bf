"""What to paste into a product so that it sends its events to Wake. Pure."""

from urllib.parse import urlsplit

from deployments.snippets import Snippet

KEY = "YOUR_WRITE_KEY"


def event_snippets(base: str, key: str = KEY) -> list[Snippet]:
    """Return the snippets for a Wake that people reach at `base`; each sends one event."""
    return [
        _python(base, key),
        _node(base, key),
        _browser(base, key),
        _page(base, key),
        _curl(base, key),
    ]


def _python(base: str, key: str) -> Snippet:
    return Snippet(
        "Python",
        "pip install segment-analytics-python",
        f"""\
import segment.analytics as analytics

analytics.write_key = "{key}"
analytics.host = "{base}"

analytics.track(
    user_id="u-97",
    event="Checked Out",
    properties={{"total": 31.5}},
    context={{"app": {{"version": "2.4.0"}}, "environment": "production"}},
)
analytics.flush()  # before a script ends""",
    )


def _node(base: str, key: str) -> Snippet:
    return Snippet(
        "Node",
        "npm install @segment/analytics-node",
        f"""\
const {{ Analytics }} = require("@segment/analytics-node")

const analytics = new Analytics({{ writeKey: "{key}", host: "{base}" }})

analytics.track({{
  userId: "u-97",
  event: "Checked Out",
  properties: {{ total: 31.5 }},
  context: {{ app: {{ version: "2.4.0" }}, environment: "production" }},
}})
analytics.closeAndFlush()  // before a script ends""",
    )


def _browser(base: str, key: str) -> Snippet:
    address = urlsplit(base)
    return Snippet(
        "Browser",
        "npm install @segment/analytics-next; nothing is loaded from Segment",
        f"""\
import {{ AnalyticsBrowser }} from "@segment/analytics-next"

const analytics = AnalyticsBrowser.load({{
  writeKey: "{key}",
  cdnSettings: {{
    integrations: {{
      "Segment.io": {{
        apiKey: "{key}",
        apiHost: "{address.netloc}{address.path}/v1",
        protocol: "{address.scheme}",
      }},
    }},
  }},
}})

analytics.page()
analytics.track("Checked Out", {{ total: 31.5 }}, {{ app: {{ version: "2.4.0" }} }})""",
    )


def _page(base: str, key: str) -> Snippet:
    return Snippet(
        "Web page",
        "In a script of your own, without a library. A library sends again what comes while Wake "
        "is busy or away; this does not.",
        f"""\
let visitor = localStorage.getItem("visitor")
if (!visitor) localStorage.setItem("visitor", (visitor = crypto.randomUUID()))

function track(event, properties) {{
  // As plain text: so browsers send it to another site without asking it first.
  navigator.sendBeacon("{base}/v1/track", JSON.stringify({{
    writeKey: "{key}",
    messageId: crypto.randomUUID(),
    anonymousId: visitor,
    event,
    properties,
    context: {{
      app: {{ version: "2.4.0" }},
      environment: "production",
      page: {{ path: location.pathname }},
    }},
  }}))
}}

track("Checked Out", {{ total: 31.5 }})""",
    )


def _curl(base: str, key: str) -> Snippet:
    return Snippet(
        "Any shell",
        "One call, without a library",
        f"""\
curl {base}/v1/track -u "{key}:" \\
  -H "Content-Type: application/json" \\
  -d '{{"userId": "u-97", "event": "Checked Out",
       "context": {{"app": {{"version": "2.4.0"}}, "environment": "production"}}}}'""",
    )

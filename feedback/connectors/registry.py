"""All connectors: one row each."""

from feedback.connectors.base import Connector
from feedback.connectors.mailbox import MAILBOX
from feedback.connectors.webhook import WEBHOOK
from feedback.connectors.widget import WIDGET

_ALL: tuple[Connector, ...] = (WIDGET, MAILBOX, WEBHOOK, WEBHOOK)

CONNECTORS = {connector.name: connector for connector in _ALL}

"""All connectors: one row each."""

from feedback.connectors.base import Connector
from feedback.connectors.github_issues import GITHUB_ISSUES
from feedback.connectors.gitlab_issues import GITLAB_ISSUES
from feedback.connectors.mailbox import MAILBOX
from feedback.connectors.webhook import WEBHOOK
from feedback.connectors.widget import WIDGET

_ALL: tuple[Connector, ...] = (
    WIDGET,
    MAILBOX,
    GITHUB_ISSUES,
    GITLAB_ISSUES,
    WEBHOOK,
)

CONNECTORS = {connector.name: connector for connector in _ALL}

"""All connectors: one row each."""

from feedback.connectors.app_store import APP_STORE
from feedback.connectors.base import Connector
from feedback.connectors.discourse import DISCOURSE
from feedback.connectors.github_issues import GITHUB_ISSUES
from feedback.connectors.gitlab_issues import GITLAB_ISSUES
from feedback.connectors.google_play import GOOGLE_PLAY
from feedback.connectors.intercom import INTERCOM
from feedback.connectors.mailbox import MAILBOX
from feedback.connectors.sentry import SENTRY
from feedback.connectors.webhook import WEBHOOK
from feedback.connectors.widget import WIDGET
from feedback.connectors.zendesk import ZENDESK

_ALL: tuple[Connector, ...] = (
    WIDGET,
    MAILBOX,
    GITHUB_ISSUES,
    GITLAB_ISSUES,
    SENTRY,
    APP_STORE,
    GOOGLE_PLAY,
    ZENDESK,
    INTERCOM,
    DISCOURSE,
    WEBHOOK,
)

CONNECTORS = {connector.name: connector for connector in _ALL}

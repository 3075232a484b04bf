"""What a maintainer fills in for a channel of a chat."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings

from common.hosts import CannotReach, NotAllowed, addresses_of, read_address
from digest.channel_models import Channel, Chat
from digest.forms import PreferencesForm

# Whose addresses are told by their hosts; a Mattermost may be anywhere.
HOSTS = {
    "hooks.slack.com": Chat.SLACK,
    "hooks.slack-gov.com": Chat.SLACK,
    "discord.com": Chat.DISCORD,
    "ptb.discord.com": Chat.DISCORD,
    "canary.discord.com": Chat.DISCORD,
    "discordapp.com": Chat.DISCORD,
}
TEAMS_HOSTS = (".logic.azure.com", ".api.powerplatform.com", ".webhook.office.com")
RETIRED = ".webhook.office.com"


class ChannelForm(PreferencesForm):
    """A channel, its secret address, and when the digest comes there."""

    chat = forms.ChoiceField(label="Chat", choices=Chat.choices)
    name = forms.CharField(
        label="Channel", max_length=80, help_text="What you call it, such as #checkout-team."
    )
    url = forms.CharField(
        label="Address of the incoming webhook",
        max_length=2_000,
        widget=forms.PasswordInput({"autocomplete": "off"}, render_value=True),
        help_text="Whoever has it can write there. It is kept encrypted and not shown again.",
    )
    with_words = forms.BooleanField(
        label="With customers’ own words",
        required=False,
        initial=True,
        help_text="Leave it out where people outside the team read along.",
    )
    field_order = ("chat", "name", "url", "with_words", "rhythm", "weekday", "monthday", "hour")

    def __init__(self, *args: Any, known: Channel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        if known:
            del self.fields["chat"]
            url = self.fields["url"]
            url.required, url.label = False, "Another address"
            url.widget.render_value = False
            url.help_text = "Only if the channel is to be reached by another webhook."

    def clean(self) -> dict[str, Any]:
        """Refuse an address that Wake would never call, and one of another chat."""
        said = super().clean() or {}
        url = str(said.get("url", "")).strip()
        if url:
            said["url"] = url
            try:
                self._check(url, said.get("chat") or (self.known.chat if self.known else ""))
            except forms.ValidationError as reason:
                self.add_error("url", reason)
        return said

    def _check(self, url: str, chat: str) -> None:
        try:
            host = read_address(url).lower()
            addresses_of(host, 443, settings.ALLOW_PRIVATE_HOSTS)
        except NotAllowed as reason:
            raise forms.ValidationError(str(reason)) from None
        except CannotReach:
            host = (urlsplit(url).hostname or "").lower()  # may be known when it is called
        if host.endswith(RETIRED):
            raise forms.ValidationError(
                "Microsoft has retired these connectors. Make a workflow “Post to a channel when a "
                "webhook request is received” in Teams, and enter its address."
            )
        of = HOSTS.get(host) or (Chat.TEAMS if host.endswith(TEAMS_HOSTS) else None)
        if chat and of and of != chat:
            raise forms.ValidationError(f"This is an address of {of.label}. Choose it above.")

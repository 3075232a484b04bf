"""Making and revoking the keys that scripts use."""

from collections.abc import Iterable

from accounts.known_keys import forget_known_keys
from accounts.models import ApiKey, Project, Scope, User


def make_api_key(
    project: Project, *, name: str, scopes: Iterable[Scope], by: User
) -> tuple[ApiKey, str]:
    """Save a new key and return it with its text, which nobody can ever read again."""
    row, text = ApiKey.objects.create_key(
        name=name, project=project, scopes=[scope.value for scope in scopes], created_by=by
    )
    assert isinstance(row, ApiKey)
    return row, text


def revoke_api_key(key: ApiKey) -> None:
    """End the key for good; it stays listed, so that one can see what it was."""
    key.revoked = True
    key.save(update_fields=["revoked"])
    forget_known_keys()

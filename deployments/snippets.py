"""What to paste into CI so that it tells Wake of each ship. None of it can fail a build. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """A text to copy, where it goes, and what must be set for it."""

    name: str
    where: str
    text: str


# --max-time: a Wake that hangs does not hold a build up; || true: one that is down fails none.
_CALL = """\
curl --silent --show-error --max-time 10 \\
  "{base}/api/v1/deployments/" \\
  -H "Authorization: Bearer $WAKE_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d "{body}" || true"""


def _call(base: str, **fields: str) -> str:
    lines = ",\n".join(f'    \\"{name}\\": \\"{value}\\"' for name, value in fields.items())
    return _CALL.format(base=base, body=f"{{\n{lines}\n  }}")


def _indent(text: str, spaces: int) -> str:
    return text.replace("\n", "\n" + " " * spaces)


def snippets(base: str) -> list[Snippet]:
    """Return the snippets for a Wake that people reach at `base`."""
    shell = _call(
        base,
        sha="$(git rev-parse HEAD)",
        environment="production",
        author="$(git log -1 --format=%ae)",
    )
    github = _call(
        base,
        sha="$GITHUB_SHA",
        environment="production",
        url="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/commit/$GITHUB_SHA",
        author="$AUTHOR",
    )
    gitlab = _call(
        base,
        sha="$CI_COMMIT_SHA",
        environment="$CI_ENVIRONMENT_NAME",
        url="$CI_PROJECT_URL/-/commit/$CI_COMMIT_SHA",
        author="$GITLAB_USER_EMAIL",
    )
    return [
        Snippet("Any shell", "Run it as the last step of a deployment.", shell),
        Snippet(
            "GitHub Actions",
            "Add this step behind the one that deploys, and the secret WAKE_API_KEY under "
            "Settings, Secrets and variables, Actions.",
            f"""\
- name: Tell Wake
  if: success()
  continue-on-error: true
  env:
    WAKE_API_KEY: ${{{{ secrets.WAKE_API_KEY }}}}
    AUTHOR: ${{{{ github.event.head_commit.author.email }}}}
  run: |
    {_indent(github, 4)}""",
        ),
        Snippet(
            "GitLab CI",
            "Add this job, and the masked variable WAKE_API_KEY under Settings, CI/CD, Variables.",
            f"""\
tell-wake:
  stage: .post
  image: curlimages/curl
  environment:
    name: production
    action: access
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  allow_failure: true
  script:
    - |
      {_indent(gitlab, 6)}""",
        ),
    ]

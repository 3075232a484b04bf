"""What to paste into CI so that it tells Wake of each ship. None of it can fail a build. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """A text to copy, where it goes, and what must be set for it."""

    name: str
    where: str
    text: str


# The message is sent as a JSON text, since a hypothesis may be in it. Wake being down, slow or
# cross ends with a line in the log: the times are short, and `|| true` keeps the build green.
_CALL = r"""{
  message=$(@MESSAGE@ | head -n 200 | tr '\t' ' ' | tr -d '\000-\010\013-\037' |
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | awk '{ printf "%s\\n", $0 }')
  curl --silent --show-error --connect-timeout 3 --max-time 10 \
    "@BASE@/api/v1/deployments/" \
    -H "Authorization: Bearer $WAKE_API_KEY" \
    -H "Content-Type: application/json" \
    -d "{
      @FIELDS@,
      \"commits\": [{\"sha\": \"@SHA@\", \"message\": \"$message\"}]
    }" | sed 's/.*"url":"\([^"]*\)".*/Wake: \1/'
} || true"""


def _call(base: str, *, message: str, **fields: str) -> str:
    lines = ",\n      ".join(f'\\"{name}\\": \\"{value}\\"' for name, value in fields.items())
    text = _CALL.replace("@BASE@", base).replace("@MESSAGE@", message)
    return text.replace("@FIELDS@", lines).replace("@SHA@", fields["sha"])


def _indent(text: str, spaces: int) -> str:
    return text.replace("\n", "\n" + " " * spaces)


def snippets(base: str) -> list[Snippet]:
    """Return the snippets for a Wake that people reach at `base`.

    Each prints the address of the ship's page, or what Wake answered instead.
    """
    return [_shell(base), _github(base), _gitlab(base), _circleci(base), _jenkins(base)]


def _shell(base: str) -> Snippet:
    text = _call(
        base,
        message="git log -1 --format=%B",
        sha="$(git rev-parse HEAD)",
        environment="production",
        author="$(git log -1 --format=%ae)",
    )
    return Snippet("Any shell", "Run it as the last step of a deployment.", text)


def _github(base: str) -> Snippet:
    call = _call(
        base,
        message="printf '%s' \"$MESSAGE\"",
        sha="$GITHUB_SHA",
        environment="production",
        url="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/commit/$GITHUB_SHA",
        author="$AUTHOR",
    )
    return Snippet(
        "GitHub Actions",
        "Add this step behind the one that deploys, and the secret WAKE_API_KEY under "
        "Settings, Secrets and variables, Actions.",
        f"""\
- name: Tell Wake
  if: success()
  continue-on-error: true
  timeout-minutes: 1
  env:
    WAKE_API_KEY: ${{{{ secrets.WAKE_API_KEY }}}}
    AUTHOR: ${{{{ github.event.head_commit.author.email }}}}
    MESSAGE: ${{{{ github.event.head_commit.message }}}}
  shell: bash
  run: |
    {_indent(call, 4)}""",
    )


def _gitlab(base: str) -> Snippet:
    call = _call(
        base,
        message="printf '%s' \"$CI_COMMIT_MESSAGE\"",
        sha="$CI_COMMIT_SHA",
        environment="$CI_ENVIRONMENT_NAME",
        url="$CI_PROJECT_URL/-/commit/$CI_COMMIT_SHA",
        author="$GITLAB_USER_EMAIL",
    )
    return Snippet(
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
  timeout: 2 minutes
  script:
    - |
      {_indent(call, 6)}""",
    )


def _circleci(base: str) -> Snippet:
    call = _call(
        base,
        message="git log -1 --format=%B",
        sha="$CIRCLE_SHA1",
        environment="production",
        url="$CIRCLE_BUILD_URL",
        author="$(git log -1 --format=%ae)",
    )
    return Snippet(
        "CircleCI",
        "Add this step behind the one that deploys, in a job that begins with checkout, and the "
        "variable WAKE_API_KEY under Project Settings, Environment Variables.",
        f"""\
- run:
    name: Tell Wake
    when: on_success
    command: |
      {_indent(call, 6)}""",
    )


def _jenkins(base: str) -> Snippet:
    call = _call(
        base,
        message="git log -1 --format=%B",
        sha="$GIT_COMMIT",
        environment="production",
        url="$BUILD_URL",
        author="$(git log -1 --format=%ae)",
    )
    groovy = call.replace("\\", "\\\\")  # Groovy's ''' reads a backslash as an escape
    return Snippet(
        "Jenkins",
        "Add this to the pipeline behind its stages, and the key as a credential of the kind "
        "“Secret text” with the id wake-api-key.",
        f"""\
post {{
  success {{
    withCredentials([string(credentialsId: 'wake-api-key', variable: 'WAKE_API_KEY')]) {{
      sh '''
        {_indent(groovy, 8)}
      '''
    }}
  }}
}}""",
    )

"""Jenkins: what its Notification plugin posts at the end of a job."""

from collections.abc import Mapping
from typing import Any

from common.payloads import dig, line, moment, must, needed, part, rows, web
from deployments.providers.base import (
    Provider,
    Told,
    is_chosen,
    make_ship,
    only_branch,
    read_status,
)
from deployments.providers.values import person, sha_in, version_in
from deployments.ship import NotAShip, Ship


def parse(told: Told) -> list[Ship]:
    """Return the ship that the end of a build is about."""
    build, name = needed(told.body, "build"), must(dig(told.body, "name"), "name", 80)
    phase = line(build.get("phase"))
    if phase == "COMPLETED":
        raise NotAShip("The build is being wrapped up; its end, FINALIZED, is what is read.")
    if phase not in ("QUEUED", "STARTED", "FINALIZED"):
        raise NotAShip(f"The phase “{phase[:40] or 'none'}” is not one in the life of a ship.")
    if told.options.names and not is_chosen(told, name):
        raise NotAShip(f"The job “{name}” is not one of those that deploy here.")
    scm, chosen = part(build, "scm"), _parameters(build)
    only_branch(told, scm.get("branch"))
    status = {"QUEUED": "pending", "STARTED": "in_progress"}.get(phase)
    status = status or read_status(build.get("status"), field="build.status")
    began = moment(build.get("timestamp"))
    version = line(chosen.get("version"), 200) or version_in(scm.get("branch"))
    sha = sha_in(scm.get("commit"), chosen.get("sha"))
    number = must(build.get("number"), "build.number")
    return [
        make_ship(
            told,
            {
                "id": f"jenkins:{name}:{number}",
                "sha": sha,
                # A job without a checkout still ships: its number is the only version it has.
                "version": version or ("" if sha else f"{name} {number}"),
                "environment": line(chosen.get("environment"), 100) or told.options.environment,
                "service": line(chosen.get("service"), 100),
                "status": status,
                "started_at": began,
                "finished_at": _ended(began, build) if phase == "FINALIZED" else None,
                "title": line(build.get("displayName")) or line(dig(told.body, "display_name")),
                "url": web(build.get("full_url")),
                "shippers": [who for who in map(person, rows(scm, "culprits")) if who],
                "hypothesis": chosen.get("hypothesis"),
            },
        )
    ]


def _ended(began: Any, build: Mapping[str, Any]) -> Any:
    took = build.get("duration")
    if isinstance(began, int | float) and isinstance(took, int | float) and 0 <= took < 1e9:
        return began + took
    return None


def _parameters(build: Mapping[str, Any]) -> dict[str, Any]:
    """Return the build's parameters by lower-case names: VERSION, ENVIRONMENT and so on."""
    return {str(name).lower(): value for name, value in part(build, "parameters").items()}


def _kind(_headers: Mapping[str, str], body: Any) -> str:
    phase, status = dig(body, "build", "phase"), dig(body, "build", "status")
    return f"{line(phase, 40)} {line(status, 40)}".strip()


def _identity(_headers: Mapping[str, str], body: Any) -> str:
    address, phase = dig(body, "build", "full_url"), dig(body, "build", "phase")
    return f"{line(address, 150)} {line(phase, 30)}" if line(address) and line(phase) else ""


JENKINS = Provider(
    name="jenkins",
    label="Jenkins",
    parse=parse,
    events=_kind,
    delivery_id=_identity,
    choices=("branch", "names", "environment"),
    setup=(
        "Install the Notification plugin, and open the configuration of the job that deploys.",
        "Under Job Notifications add an endpoint: format JSON, protocol HTTP, event All Events, "
        "URL `{url}` with the secret in front of the host, as in "
        "`https://wake:SECRET@wake.example.com/hooks/...`.",
        "Build parameters named VERSION, ENVIRONMENT, SERVICE and HYPOTHESIS are read.",
    ),
    example="""\
// In a Jenkinsfile, without the plugin:
post { success {
  sh '''curl --max-time 10 "$WAKE_URL/api/v1/deployments/" \\
    -H "Authorization: Bearer $WAKE_API_KEY" -H "Content-Type: application/json" \\
    -d "{\\\\"sha\\\\": \\\\"$GIT_COMMIT\\\\", \\\\"url\\\\": \\\\"$BUILD_URL\\\\"}" || true'''
} }""",
)

"""Calls as the vendors' documentation shows them, and what Wake makes of each.

`ships` is what each ship must come out as; an `outcome` other than recorded needs none.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

DIGEST = "0b31b1c02ff4" * 4
SHA = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Sample:
    provider: str
    event: str
    body: Any
    outcome: str = "recorded"
    ships: tuple[dict[str, Any], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    path: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    says: str = ""  # a part of the reason


def ship(version: str, environment: str = "production", status: str = "succeeded", **facts: Any):
    return {"version": version, "environment": environment, "status": status, **facts}


def but(body: dict, **changes: Any) -> dict:
    """Return the body with some things changed; a__b names b within a."""
    changed = copy.deepcopy(body)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = changed
        for name in parents:
            place = place[name]
        place[last] = value
    return changed


# --- GitHub -----------------------------------------------------------------------------------
REPOSITORY = {"id": 7, "full_name": "shop/web", "html_url": "https://github.com/shop/web"}
ADA = {"login": "ada", "id": 1}
DEPLOYMENT = {
    "deployment": {
        "id": 42, "sha": SHA, "ref": "v1.4.0", "task": "deploy", "environment": "production",
        "payload": {"hypothesis": {"metric": "checkout_conversion", "min_effect": "2%"}},
        "description": "Shorter form", "creator": ADA, "created_at": "2026-03-01T10:00:00Z",
    },
    "repository": REPOSITORY, "sender": ADA,
}  # fmt: skip
STATUS = {
    **DEPLOYMENT,
    "action": "created",
    "deployment_status": {
        "id": 1, "state": "success", "created_at": "2026-03-01T10:05:00Z", "creator": ADA,
        "target_url": "https://ci.example.com/1", "environment": "production",
    },
}  # fmt: skip
RELEASE = {
    "action": "published",
    "release": {
        "id": 9, "tag_name": "v2.0.0", "name": "Two", "draft": False, "prerelease": False,
        "body": "Hypothesis: it helps\nExpect: orders +2% within 7d", "author": ADA,
        "html_url": "https://github.com/shop/web/releases/v2.0.0",
        "published_at": "2026-03-02T08:00:00Z",
    },
    "repository": REPOSITORY,
}  # fmt: skip
PUSH = {
    "ref": "refs/heads/main", "before": "0" * 40, "after": SHA, "deleted": False,
    "compare": "https://github.com/shop/web/compare/a...b", "repository": REPOSITORY,
    "head_commit": {
        "id": SHA, "message": "Shorten the form\n\nFixes-Feedback: 7",
        "timestamp": "2026-02-20T10:00:00Z",
        "author": {"name": "Ada", "email": "ada@example.com"},
    },
    "commits": [{
        "id": SHA, "message": "Shorten the form", "timestamp": "2026-02-20T10:00:00Z",
        "author": {"name": "Ada", "email": "ada@example.com"}, "added": ["a.py"],
        "modified": ["b.py"], "removed": [], "url": "https://github.com/shop/web/commit/1",
    }],
}  # fmt: skip


def github(event: str, body: Any, *ships: dict, **rest: Any) -> Sample:
    return Sample("github", event, body, ships=ships, headers={"X-GitHub-Event": event}, **rest)


GITHUB = [
    github("deployment_status", STATUS, ship("v1.4.0", sha=SHA, metric="checkout_conversion")),
    *(
        github(
            "deployment_status", but(STATUS, deployment_status__state=said),
            ship("v1.4.0", status=status),
        )
        for said, status in [
            ("pending", "pending"), ("queued", "pending"), ("waiting", "pending"),
            ("in_progress", "in_progress"), ("failure", "failed"), ("error", "failed"),
        ]
    ),
    github("deployment_status", but(STATUS, deployment_status__state="inactive"),
           outcome="ignored", says="inactive"),
    github("deployment_status", but(STATUS, deployment__id=None), outcome="unreadable",
           says="deployment.id"),
    github("deployment_status", but(STATUS, deployment_status__created_at="2199-01-01T00:00:00Z"),
           ship("v1.4.0")),
    github("deployment_status", but(STATUS, deployment__ref="main"), ship(SHA[:12])),
    github("deployment", {"action": "created", **DEPLOYMENT}, ship("v1.4.0", status="pending")),
    github("release", RELEASE, ship("v2.0.0", title="Two", metric="orders")),
    github("release", but(RELEASE, action="released"), ship("v2.0.0")),
    github("release", but(RELEASE, action="edited"), outcome="ignored", says="edited"),
    github("release", but(RELEASE, release__prerelease=True), outcome="ignored",
           says="pre-release"),
    github("push", PUSH, ship(SHA[:12], title="Shorten the form", shippers=["ada@example.com"]),
           options={"branch": "main"}),
    github("push", PUSH, outcome="ignored", says="once a branch is chosen"),
    github("push", PUSH, outcome="ignored", options={"branch": "release"}, says="only release"),
    github("push", but(PUSH, after="0" * 40, deleted=True), outcome="ignored",
           options={"branch": "main"}, says="deleted"),
    github("push", but(PUSH, ref="refs/tags/v1"), outcome="ignored", options={"branch": "main"}),
    github("ping", {"zen": "Design for failure.", "hook_id": 1}, outcome="ignored", says="ping"),
    github("issues", {"action": "opened"}, outcome="ignored", says="issues"),
]  # fmt: skip

# --- GitLab -----------------------------------------------------------------------------------
PROJECT = {"id": 30, "path_with_namespace": "shop/web", "web_url": "https://gitlab.com/shop/web"}
GL_DEPLOYMENT = {
    "object_kind": "deployment", "status": "success",
    "status_changed_at": "2026-03-01 12:05:00 +0200", "deployment_id": 15, "deployable_id": 796,
    "deployable_url": "https://gitlab.com/shop/web/-/jobs/796", "environment": "production",
    "environment_tier": "production", "project": PROJECT, "short_sha": SHA[:8], "ref": "main",
    "user": {"id": 42, "name": "Ada", "username": "ada", "email": "ada@example.com"},
    "commit_url": f"https://gitlab.com/shop/web/-/commit/{SHA}", "commit_title": "Shorten it",
}  # fmt: skip
GL_RELEASE = {
    "object_kind": "release", "action": "create", "id": 5, "tag": "1.4.0", "name": "One four",
    "description": "Notes", "created_at": "2026-03-01 10:00:00 UTC",
    "released_at": "2026-03-01 10:00:00 UTC", "project": PROJECT,
    "url": "https://gitlab.com/shop/web/-/releases/1.4.0",
    "commit": {"id": SHA, "message": "Shorten it", "timestamp": "2026-03-01T09:00:00+00:00",
               "author": {"name": "Ada", "email": "ada@example.com"}},
}  # fmt: skip
GL_PIPELINE = {
    "object_kind": "pipeline",
    "object_attributes": {"id": 31, "ref": "main", "tag": False, "sha": SHA, "status": "success",
                          "url": "https://gitlab.com/shop/web/-/pipelines/31",
                          "created_at": "2026-03-01 10:00:00 UTC"},
    "project": PROJECT, "user": {"name": "Ada", "username": "ada", "email": "[REDACTED]"},
    "commit": {"id": SHA, "title": "Shorten it", "message": "Shorten it",
               "author": {"name": "Ada", "email": "ada@example.com"}},
    "builds": [
        {"id": 700, "name": "test", "stage": "test", "status": "success", "environment": None},
        {"id": 796, "name": "ship", "stage": "deploy", "status": "success",
         "started_at": "2026-03-01 10:04:00 UTC", "finished_at": "2026-03-01 10:05:00 UTC",
         "environment": {"name": "production", "action": "start"}},
        {"id": 797, "name": "ship eu", "stage": "deploy", "status": "running",
         "started_at": "2026-03-01 10:04:00 UTC", "finished_at": None,
         "environment": {"name": "eu", "action": "start"}},
        {"id": 798, "name": "stop", "stage": "deploy", "status": "manual",
         "environment": {"name": "eu", "action": "stop"}},
    ],
}  # fmt: skip
GL_PUSH = {
    "object_kind": "push", "ref": "refs/heads/main", "after": SHA, "project": PROJECT,
    "user_name": "Ada", "user_email": "ada@example.com",
    "commits": [{"id": SHA, "message": "Shorten it", "author": {"name": "Ada"}}],
}  # fmt: skip


def gitlab(event: str, body: Any, *ships: dict, **rest: Any) -> Sample:
    return Sample("gitlab", event, body, ships=ships, headers={"X-Gitlab-Event": event}, **rest)


GITLAB = [
    gitlab("Deployment Hook", GL_DEPLOYMENT,
           ship(SHA[:12], sha=SHA, shipped_at="2026-03-01T10:05:00+00:00",
                shippers=["ada@example.com"])),
    *(
        gitlab("Deployment Hook", but(GL_DEPLOYMENT, status=said), ship(SHA[:12], status=status))
        for said, status in [("created", "pending"), ("blocked", "pending"),
                             ("running", "in_progress"), ("failed", "failed"),
                             ("canceled", "failed"), ("rejected", "failed")]
    ),
    gitlab("Deployment Hook", but(GL_DEPLOYMENT, deployable_url=None, ref="v1.4.0"),
           ship("v1.4.0")),
    gitlab("Deployment Hook", but(GL_DEPLOYMENT, status="new one"), outcome="ignored"),
    gitlab("Deployment Hook", but(GL_DEPLOYMENT, deployment_id=None), outcome="unreadable"),
    gitlab("Release Hook", GL_RELEASE, ship("1.4.0", title="One four", sha=SHA)),
    gitlab("Release Hook", but(GL_RELEASE, action="delete"), outcome="ignored"),
    gitlab("Pipeline Hook", GL_PIPELINE, ship(SHA[:12]), ship(SHA[:12], "eu", "in_progress")),
    gitlab("Pipeline Hook", but(GL_PIPELINE, builds=GL_PIPELINE["builds"][:1]), outcome="ignored",
           says="No job"),
    gitlab("Push Hook", GL_PUSH, ship(SHA[:12]), options={"branch": "main"}),
    gitlab("Push Hook", GL_PUSH, outcome="ignored"),
    gitlab("Issue Hook", {"object_kind": "issue"}, outcome="ignored", says="issue"),
]  # fmt: skip

# --- CDEvents ---------------------------------------------------------------------------------
CDEVENT = {
    "context": {"version": "0.4.1", "id": "271069a8", "source": "/ci/shop",
                "type": "dev.cdevents.service.deployed.0.1.1",
                "timestamp": "2026-03-01T10:00:00Z"},
    "subject": {"id": "/ci/shop/web", "source": "/ci", "type": "service",
                "content": {"environment": {"id": "production"},
                            "artifactId": "pkg:oci/web@sha256%3A0b31b1c02ff458ad?tag=1.4.0"}},
    "customData": {"hypothesis": {"metric": "orders", "min_effect": 0.02}},
}  # fmt: skip
CLOUD = {
    "specversion": "1.0", "id": "271069a8", "source": "/ci/shop", "time": "2026-03-01T10:00:00Z",
    "type": "dev.cdevents.service.deployed.0.1.1", "datacontenttype": "application/json",
    "data": {"context": {}, "subject": CDEVENT["subject"]},
}  # fmt: skip


def cdevent(kind: str, *ships: dict, body: Any = None, **rest: Any) -> Sample:
    whole = f"dev.cdevents.{kind}.0.2.0"
    body = but(CDEVENT, context__type=whole) if body is None else body
    return Sample("cdevents", kind, body, ships=ships, **rest)


CDEVENTS = [
    cdevent("service.deployed", ship("1.4.0", service="web", metric="orders")),
    cdevent("service.upgraded", ship("1.4.0")),
    cdevent("service.rolledback", ship("1.4.0")),
    cdevent("service.published", ship("1.4.0")),
    cdevent("service.published", outcome="ignored", says="no artifact",
            body=but(CDEVENT, context__type="dev.cdevents.service.published.0.2.0",
                     subject__content={"environment": {"id": "production"}})),
    cdevent("service.removed", outcome="ignored", says="removed"),
    cdevent("build.finished", outcome="ignored", says="not about a service"),
    cdevent("service.deployed", outcome="unreadable", says="artifactId",
            body=but(CDEVENT, subject__content={})),
    cdevent("service.deployed", ship("sha256:0b31b1c02ff4"),
            body=but(CDEVENT, subject__content__artifactId="pkg:oci/web@sha256%3A" + DIGEST)),
    cdevent("structured CloudEvent", ship("1.4.0"), body=CLOUD,
            headers={"Content-Type": "application/cloudevents+json"}),
    cdevent("binary CloudEvent", ship("1.4.0"),
            body={"context": {"version": "0.4.1"}, "subject": CDEVENT["subject"]},
            headers={"ce-id": "1", "ce-source": "/ci", "ce-specversion": "1.0",
                     "ce-type": "dev.cdevents.service.deployed.0.1.1",
                     "ce-time": "2026-03-01T10:00:00Z"}),
    cdevent("batch of CloudEvents", ship("1.4.0"), ship("1.4.0", "eu"),
            body=[CLOUD, but(CLOUD, id="2", data__subject__content__environment__id="eu"),
                  but(CLOUD, type="dev.cdevents.build.started.0.1.0")],
            headers={"Content-Type": "application/cloudevents-batch+json"}),
    cdevent("batch of CloudEvents", ship("1.4.0"), outcome="unreadable", says="1 of its parts",
            body=[CLOUD, 7]),
]  # fmt: skip

# --- Bitbucket --------------------------------------------------------------------------------
BB_REPOSITORY = {"uuid": "{r-1}", "full_name": "shop/web"}
BB_PUSH = {
    "repository": BB_REPOSITORY, "actor": {"display_name": "Ada"},
    "push": {"changes": [{
        "new": {"type": "branch", "name": "main", "target": {
            "hash": SHA, "message": "Shorten it\n", "date": "2026-03-01T10:00:00+00:00",
            "author": {"raw": "Ada <ada@example.com>"}}},
        "old": None, "links": {"html": {"href": "https://bitbucket.org/shop/web/branches"}},
        "commits": [{"hash": SHA, "message": "Shorten it",
                     "author": {"raw": "Ada <ada@example.com>"}}],
    }]},
}  # fmt: skip
BB_BUILD = {
    "repository": BB_REPOSITORY, "actor": {"display_name": "Ada"},
    "commit_status": {
        "name": "Deploy to production", "key": "DEPLOY-1", "state": "SUCCESSFUL", "type": "build",
        "description": "", "url": "https://ci.example.com/1", "created_on": "2026-03-01T10:00:00Z",
        "updated_on": "2026-03-01T10:05:00Z", "commit": {"hash": SHA},
        "links": {"commit": {"href": f"https://api.bitbucket.org/2.0/repositories/shop/web/commit/{SHA}"}},
    },
}  # fmt: skip


def bitbucket(event: str, body: Any, *ships: dict, **rest: Any) -> Sample:
    return Sample("bitbucket", event, body, ships=ships, headers={"X-Event-Key": event}, **rest)


BITBUCKET = [
    bitbucket("repo:push", BB_PUSH, ship(SHA[:12], shippers=["ada@example.com"]),
              options={"branch": "main"}),
    bitbucket("repo:push", BB_PUSH, outcome="ignored"),
    bitbucket("repo:push", BB_PUSH, outcome="ignored", options={"branch": "release"}),
    bitbucket("repo:commit_status_updated", BB_BUILD, ship(SHA[:12])),
    bitbucket("repo:commit_status_created", but(BB_BUILD, commit_status__state="INPROGRESS"),
              ship(SHA[:12], status="in_progress")),
    bitbucket("repo:commit_status_updated", but(BB_BUILD, commit_status__state="FAILED"),
              ship(SHA[:12], status="failed")),
    bitbucket("repo:commit_status_updated",
              but(BB_BUILD, commit_status__name="Tests", commit_status__key="T"),
              outcome="ignored", says="does not sound like"),
    bitbucket("repo:commit_status_updated",
              but(BB_BUILD, commit_status__name="Tests", commit_status__key="T"),
              ship(SHA[:12]), options={"names": ["tests"]}),
    bitbucket("pullrequest:created", {}, outcome="ignored"),
    bitbucket("repo:commit_status_updated", {}, outcome="unreadable", says="commit_status"),
]  # fmt: skip

# --- Argo CD, Jenkins, CircleCI -----------------------------------------------------------------
ARGO = {
    "app": "web", "phase": "Succeeded", "health": "Healthy", "revision": SHA,
    "started_at": "2026-03-01T10:00:00Z", "finished_at": "2026-03-01T10:05:00Z",
    "images": ["registry.example.com:5000/shop/web:1.4.0"], "environment": "production",
    "url": "https://argocd.example.com/applications/web",
}  # fmt: skip
ARGO_APP = {
    "metadata": {"name": "web", "labels": {"env": "eu"}},
    "status": {
        "operationState": {"phase": "Succeeded", "startedAt": "2026-03-01T10:00:00Z",
                           "finishedAt": "2026-03-01T10:05:00Z", "syncResult": {"revision": SHA}},
        "health": {"status": "Healthy"}, "summary": {"images": ["web:1.4.0", "proxy:7"]}},
}  # fmt: skip
ARGOCD = [
    Sample("argocd", "Succeeded", ARGO, ships=(ship("1.4.0", service="web", sha=SHA),)),
    Sample("argocd", "Failed", but(ARGO, phase="Failed"), ships=(ship("1.4.0", status="failed"),)),
    Sample("argocd", "Succeeded, Degraded", but(ARGO, health="Degraded"),
           ships=(ship("1.4.0", status="failed"),)),
    Sample("argocd", "Running", but(ARGO, phase="Running"),
           ships=(ship("1.4.0", status="in_progress"),)),
    Sample("argocd", "no operation", but(ARGO, phase=""), "ignored"),
    Sample("argocd", "Application as JSON", {"app": ARGO_APP}, ships=(ship(SHA[:12], "eu"),)),
    Sample("argocd", "Application as JSON", ARGO_APP, ships=(ship(SHA[:12], "eu"),)),
    Sample("argocd", "without a name", but(ARGO, app=""), "unreadable"),
]  # fmt: skip
JENKINS_BUILD = {
    "name": "deploy-web", "display_name": "deploy-web", "url": "job/deploy-web/",
    "build": {
        "full_url": "https://jenkins.example.com/job/deploy-web/18/", "number": 18,
        "timestamp": 1772359200000, "duration": 300000, "phase": "FINALIZED", "status": "SUCCESS",
        "scm": {"url": "git@example.com:web.git", "branch": "origin/main", "commit": SHA,
                "culprits": ["Ada <ada@example.com>"]},
        "parameters": {"ENVIRONMENT": "eu", "VERSION": "1.4.0"},
    },
}  # fmt: skip
JENKINS = [
    Sample("jenkins", "FINALIZED SUCCESS", JENKINS_BUILD,
           ships=(ship("1.4.0", "eu", sha=SHA, shippers=["ada@example.com"],
                       shipped_at="2026-03-01T10:05:00+00:00"),)),
    Sample("jenkins", "FINALIZED FAILURE", but(JENKINS_BUILD, build__status="FAILURE"),
           ships=(ship("1.4.0", "eu", "failed"),)),
    Sample("jenkins", "FINALIZED ABORTED", but(JENKINS_BUILD, build__status="ABORTED"),
           ships=(ship("1.4.0", "eu", "failed"),)),
    Sample("jenkins", "STARTED", but(JENKINS_BUILD, build__phase="STARTED"),
           ships=(ship("1.4.0", "eu", "in_progress"),)),
    Sample("jenkins", "QUEUED", but(JENKINS_BUILD, build__phase="QUEUED"),
           ships=(ship("1.4.0", "eu", "pending"),)),
    Sample("jenkins", "COMPLETED", but(JENKINS_BUILD, build__phase="COMPLETED"), "ignored"),
    Sample("jenkins", "another job", JENKINS_BUILD, "ignored", options={"names": ["ship"]}),
    Sample("jenkins", "another branch", JENKINS_BUILD, "ignored", options={"branch": "release"}),
    Sample("jenkins", "no build", {"name": "x"}, "unreadable"),
]  # fmt: skip
CIRCLE = {
    "id": "c-1", "type": "workflow-completed", "happened_at": "2026-03-01T10:05:00Z",
    "webhook": {"id": "w", "name": "Wake"}, "project": {"id": "p", "slug": "gh/shop/web"},
    "organization": {"id": "o", "name": "shop"},
    "workflow": {"id": "wf-1", "name": "deploy", "status": "success",
                 "created_at": "2026-03-01T10:00:00Z", "stopped_at": "2026-03-01T10:05:00Z",
                 "url": "https://app.circleci.com/pipelines/1"},
    "pipeline": {"id": "pl", "number": 1, "vcs": {
        "revision": SHA, "branch": "main", "commit": {
            "subject": "Shorten it", "body": "Expect: orders +2% within 7d",
            "author": {"name": "Ada", "email": "ada@example.com"}}}},
}  # fmt: skip
CIRCLECI = [
    Sample("circleci", "workflow-completed", CIRCLE,
           ships=(ship(SHA[:12], metric="orders", shippers=["ada@example.com"]),)),
    *(
        Sample("circleci", "workflow-completed", but(CIRCLE, workflow__status=said),
               ships=(ship(SHA[:12], status="failed"),))
        for said in ("failed", "error", "canceled", "unauthorized")
    ),
    Sample("circleci", "workflow-completed", but(CIRCLE, workflow__name="test"), "ignored",
           says="does not sound like"),
    Sample("circleci", "workflow-completed", CIRCLE, "ignored", options={"branch": "release"}),
    Sample("circleci", "job-completed",
           but(CIRCLE, type="job-completed",
               **{"job": {"id": "j", "name": "deploy-eu", "status": "success"}}),
           ships=(ship(SHA[:12]),)),
    Sample("circleci", "ping", {"type": "ping", "id": "1"}, "ignored", says="ping"),
    Sample("circleci", "workflow-completed", {"type": "workflow-completed"}, "unreadable"),
]  # fmt: skip

# --- Vercel, Netlify, Heroku --------------------------------------------------------------------
VERCEL_EVENT = {
    "id": "ev-1", "type": "deployment.succeeded", "createdAt": 1772359500000, "region": None,
    "payload": {
        "target": "production", "team": {"id": "t"}, "user": {"id": "u"}, "project": {"id": "p"},
        "links": {"deployment": "https://vercel.com/shop/web/d", "project": "https://vercel.com/p"},
        "deployment": {"id": "dpl_1", "name": "web", "url": "web-1.vercel.app", "meta": {
            "githubCommitSha": SHA, "githubCommitRef": "main",
            "githubCommitMessage": "Shorten it", "githubCommitAuthorName": "Ada"}},
    },
}  # fmt: skip
VERCEL = [
    Sample("vercel", kind, but(VERCEL_EVENT, type=kind),
           ships=(ship(SHA[:12], status=status, service="web"),))
    for kind, status in [("deployment.succeeded", "succeeded"), ("deployment.ready", "succeeded"),
                         ("deployment.created", "in_progress"), ("deployment.error", "failed"),
                         ("deployment.canceled", "failed"), ("deployment.promoted", "succeeded")]
] + [
    Sample("vercel", "deployment.succeeded", but(VERCEL_EVENT, payload__target=None),
           ships=(ship(SHA[:12], "preview"),)),
    Sample("vercel", "project.created", {"type": "project.created", "payload": {}}, "ignored"),
    Sample("vercel", "deployment.succeeded", {"type": "deployment.succeeded", "payload": {}},
           "unreadable"),
]  # fmt: skip
NETLIFY_DEPLOY = {
    "id": "5b78", "site_id": "573f", "state": "ready", "name": "shop", "branch": "main",
    "admin_url": "https://app.netlify.com/sites/shop", "commit_ref": SHA, "title": "Shorten it",
    "created_at": "2026-03-01T10:00:00.315Z", "updated_at": "2026-03-01T10:05:00.800Z",
    "published_at": "2026-03-01T10:05:00.800Z", "context": "production", "error_message": None,
}  # fmt: skip


def netlify(event: str, body: Any, *ships: dict, **rest: Any) -> Sample:
    return Sample("netlify", event, body, ships=ships, headers={"X-Netlify-Event": event}, **rest)


NETLIFY = [
    netlify("deploy_created", NETLIFY_DEPLOY, ship(SHA[:12], service="shop")),
    netlify(
        "deploy_building",
        but(NETLIFY_DEPLOY, state="building"),
        ship(SHA[:12], status="in_progress"),
    ),
    netlify("deploy_failed", but(NETLIFY_DEPLOY, state="error"), ship(SHA[:12], status="failed")),
    netlify(
        "deploy_created",
        but(NETLIFY_DEPLOY, context="deploy-preview"),
        ship(SHA[:12], "deploy-preview"),
    ),
    netlify("deploy_locked", NETLIFY_DEPLOY, outcome="ignored"),
    netlify("submission_created", {"form_name": "x"}, outcome="ignored"),
    netlify("deploy_created", but(NETLIFY_DEPLOY, id=None), outcome="unreadable"),
]
HEROKU_RELEASE = {
    "id": "01", "action": "update", "resource": "release", "created_at": "2026-03-01T10:00:00Z",
    "actor": {"id": "a", "email": "ada@example.com"}, "sequence": None, "previous_data": {},
    "data": {
        "id": "r", "version": 12, "status": "succeeded", "current": True,
        "description": "Deploy 0123456789", "app": {"id": "x", "name": "shop"},
        "user": {"id": "a", "email": "ada@example.com"}, "slug": {"id": "s"},
        "created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-01T10:05:00Z",
    },
    "webhook_metadata": {"delivery": {"id": "d-1"}, "event": {"include": "api:release"}},
}  # fmt: skip
HEROKU = [
    Sample("heroku", "release", HEROKU_RELEASE,
           ships=(ship("v12", service="shop", sha="0123456789"),)),
    Sample("heroku", "release", but(HEROKU_RELEASE, data__status="pending"),
           ships=(ship("v12", status="pending"),)),
    Sample("heroku", "release", but(HEROKU_RELEASE, data__status="failed"),
           ships=(ship("v12", status="failed"),)),
    Sample("heroku", "build", {"resource": "build", "data": {"status": "succeeded"}}, "ignored"),
    Sample("heroku", "dyno", {"resource": "dyno", "data": {}}, "ignored"),
    Sample("heroku", "release", {"resource": "release", "data": {}}, "unreadable"),
]  # fmt: skip

# --- Calls that people already send elsewhere ---------------------------------------------------
SENTRY = [
    Sample("sentry", "release", {
        "version": "web@1.4.0", "projects": ["web"],
        "commits": [{"id": SHA, "message": "Shorten it", "author_name": "Ada",
                     "author_email": "ada@example.com", "timestamp": "2026-03-01T09:00:00Z"}],
    }, ships=(ship("web@1.4.0", status="pending", service="web", shippers=["ada@example.com"]),),
        path="api/0/organizations/shop/releases/"),
    Sample("sentry", "deploy",
           {"environment": "production", "dateFinished": "2026-03-01T10:05:00Z"},
           ships=(ship("web@1.4.0"),),
           path="api/0/organizations/shop/releases/web%401.4.0/deploys/"),
    Sample("sentry", "deploy", {"version": SHA, "environment": "eu"},
           ships=(ship(SHA, "eu", sha=SHA),)),
    Sample("sentry", "issue", {"action": "resolved", "data": {"issue": {"id": 1}}}, "ignored"),
    Sample("sentry", "deploy", {"environment": "production"}, "unreadable"),
]  # fmt: skip
SLEUTH = [
    Sample("sleuth", "register_deploy", {
        "sha": SHA, "environment": "production", "date": "2026-03-01T10:05:00Z",
        "email": "ada@example.com", "tags": "#web,#checkout", "links": {"ci": "https://ci.example.com"},
        "commits": [{"revision": SHA, "message": "Shorten it", "author": "Ada"}],
    }, ships=(ship(SHA[:12], service="web", sha=SHA, tags=["web", "checkout"],
                   shippers=["ada@example.com"]),),
        path="api/1/deployments/shop/web/register_deploy"),
    Sample("sleuth", "register_deploy", {"sha": SHA, "branch": "main"}, "ignored",
           options={"branch": "release"}),
    Sample("sleuth", "register_deploy", {"environment": "production"}, "unreadable", says="sha"),
]  # fmt: skip
DEVLAKE = [
    Sample("devlake", "deployment", {
        "id": "d-1", "startedDate": "2026-03-01T10:00:00+00:00", "result": "SUCCESS",
        "finishedDate": "2026-03-01T10:05:00+00:00", "environment": "PRODUCTION",
        "deploymentCommits": [{"repoUrl": "https://github.com/shop/web", "refName": "v1.4.0",
                               "commitSha": SHA, "commitMsg": "Shorten it"}],
    }, ships=(ship("v1.4.0", "PRODUCTION", sha=SHA),)),
    Sample("devlake", "deployment", {"id": "d-2", "result": "FAILURE", "commit_sha": SHA},
           ships=(ship(SHA[:12], status="failed"),)),
    Sample("devlake", "deployment", {"result": "SUCCESS"}, "unreadable", says="id"),
]  # fmt: skip
GENERIC = [
    Sample("generic", "in Wake's own fields", {"version": "1.4.0"}, ships=(ship("1.4.0"),)),
    Sample("generic", "with a field mapping",
           {"app": {"build": "1.4.0", "where": "EU"}, "result": "Passed", "when": 1772359200},
           ships=(ship("1.4.0", "EU", shipped_at="2026-03-01T10:00:00+00:00"),),
           options={"mapping": {"version": "app.build", "environment": "app.where",
                                "status": "result", "finished_at": "when"}}),
    Sample("generic", "several ships in one",
           {"apps": [{"n": "a", "v": "1"}, {"n": "b", "v": "2"}]},
           ships=(ship("1", service="a"), ship("2", service="b")),
           options={"mapping": {"ships": "apps", "version": "v", "service": "n"}}),
    Sample("generic", "condition not met", {"kind": "test", "v": "1"}, "ignored",
           options={"mapping": {"only_when": "kind == 'deploy'", "version": "v"}}),
    Sample("generic", "in fields nobody mapped", {"foo": "bar"}, "unreadable", says="version"),
]  # fmt: skip

SAMPLES: list[Sample] = [
    *GITHUB, *GITLAB, *BITBUCKET, *CIRCLECI, *JENKINS, *ARGOCD, *VERCEL, *NETLIFY, *HEROKU,
    *CDEVENTS, *SENTRY, *SLEUTH, *DEVLAKE, *GENERIC,
]  # fmt: skip

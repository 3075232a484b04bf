"""Every provider that can post to Wake: one file and one row each."""

from deployments.providers.argocd import ARGOCD
from deployments.providers.base import Provider
from deployments.providers.bitbucket import BITBUCKET_PROVIDER
from deployments.providers.cdevents import CDEVENTS
from deployments.providers.circleci import CIRCLECI_PROVIDER
from deployments.providers.devlake import DEVLAKE
from deployments.providers.github import GITHUB_PROVIDER
from deployments.providers.gitlab import GITLAB_PROVIDER
from deployments.providers.heroku import HEROKU_PROVIDER
from deployments.providers.jenkins import JENKINS
from deployments.providers.mapped import GENERIC
from deployments.providers.netlify import NETLIFY_PROVIDER
from deployments.providers.sentry import SENTRY_PROVIDER
from deployments.providers.sleuth import SLEUTH
from deployments.providers.vercel import VERCEL_PROVIDER

PROVIDERS: dict[str, Provider] = {
    provider.name: provider
    for provider in (
        GITHUB_PROVIDER,
        GITLAB_PROVIDER,
        BITBUCKET_PROVIDER,
        CIRCLECI_PROVIDER,
        JENKINS,
        ARGOCD,
        VERCEL_PROVIDER,
        NETLIFY_PROVIDER,
        HEROKU_PROVIDER,
        CDEVENTS,
        SENTRY_PROVIDER,
        SLEUTH,
        DEVLAKE,
        GENERIC,
    )
}

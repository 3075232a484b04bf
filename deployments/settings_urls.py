"""The part of a project's settings that tells CI how to reach Wake."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

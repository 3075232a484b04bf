from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class FeedbackConfig(AppConfig):
    name = "feedback"

    def ready(self) -> None:
        from feedback.search_index import check_search, keep_index

        checks.register(check_search)
        post_migrate.connect(keep_index, sender=self, dispatch_uid="keep the search index")

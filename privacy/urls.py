"""A customer's page: what is stored of them, to be handed out or erased."""

from django.urls import URLPattern, URLResolver, path

from privacy import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("customers/<int:pk>/", views.customer, name="customer"),
    path("customers/<int:pk>/export.json", views.customer_export, name="customer_export"),
    path("customers/<int:pk>/erase/", views.customer_erase, name="customer_erase"),
    path("erasures/", views.erasures, name="erasures"),
]

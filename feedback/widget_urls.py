"""The addresses that visitors of other sites use: the widget, and the form page."""

from django.urls import path

from feedback import form_page, widget

urlpatterns = [
    path("widget.js", widget.widget_script, name="widget-script"),
    path("w/<slug:key>/", widget.widget, name="widget"),
    path("f/<slug:key>/", form_page.form_page, name="form-page"),
    path("f/<slug:key>/thanks/", form_page.thanks, name="form-page-thanks"),
]

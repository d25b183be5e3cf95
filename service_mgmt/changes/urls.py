"""Addresses of changes, their calendar, and freezes."""

from django.urls import path

from service_mgmt.changes import views

app_name = "service_mgmt_changes"
urlpatterns = [
    path("assure/changes/calendar/", views.calendar, name="calendar"),
    *views.CHANGE_CREATE.urls("assure/changes/new/"),
    *views.CHANGES.urls("assure/changes/"),
    *views.CHANGE_EDIT.urls("assure/changes/<key>/edit/"),
    *views.CHANGE_PAGE.urls("assure/changes/<key>/"),
    *views.FREEZE_CREATE.urls("assure/freezes/new/"),
    *views.FREEZES.urls("assure/freezes/"),
    *views.FREEZE_EDIT.urls("assure/freezes/<key>/edit/"),
    *views.FREEZE.urls("assure/freezes/<key>/"),
]

"""Addresses of the service inventory's pages."""

from django.urls import path

from service_mgmt.services import views

app_name = "service_mgmt_services"
urlpatterns = [
    *views.SERVICES.urls("service/services/"),
    *views.SERVICE.urls("service/services/<key>/"),
    path("assure/impact/", views.impact, name="impact"),
]

"""Addresses of the pages of service levels."""

from django.urls import path

from service_mgmt.levels import views

app_name = "service_mgmt_levels"
urlpatterns = [
    path("service/sla/report/<str:customer>/<str:month>/", views.report, name="report"),
    *views.RESULTS.urls("service/sla/"),
    *views.RESULT.urls("service/sla/<key>/"),
    *views.CREDITS.urls("service/credits/"),
    *views.CREDIT_DETAIL.urls("service/credits/<key>/"),
    *views.AGREEMENTS.urls("service/agreements/"),
    *views.AGREEMENT.urls("service/agreements/<key>/"),
    *views.DEFINITION_CREATE.urls("service/levels/new/"),
    *views.DEFINITIONS.urls("service/levels/"),
    *views.DEFINITION_EDIT.urls("service/levels/<key>/edit/"),
    *views.DEFINITION.urls("service/levels/<key>/"),
    *views.IMPACTS.urls("service/outages/"),
    *views.CLOCK_EVENTS.urls("service/clock/"),
    *views.CLOCK_EVENT.urls("service/clock/<key>/"),
]

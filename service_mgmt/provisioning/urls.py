"""Addresses of provisioning's pages."""

from django.urls import path

from service_mgmt.provisioning import views

app_name = "service_mgmt_provisioning"
urlpatterns = [
    *views.ORDERS.urls("orders/service-orders/"),
    path("orders/service-orders/<str:number>/live/", views.plan_fragment, name="plan"),
    *views.ORDER.urls("orders/service-orders/<key>/"),
    *views.RUNS.urls("orders/runs/"),
    path("orders/runs/<str:number>/live/", views.steps_fragment, name="steps"),
    *views.RUN.urls("orders/runs/<key>/"),
    path("orders/fallout/", views.queue, name="fallout"),
    *views.FALLOUTS.urls("orders/fallout/all/"),
    *views.FALLOUT.urls("orders/fallout/<key>/"),
]

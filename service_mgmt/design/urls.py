"""Addresses of the pages of service design."""

from service_mgmt.design import views

app_name = "service_mgmt_design"
urlpatterns = [
    *views.SPECIFICATIONS.urls("service/specifications/"),
    *views.SPECIFICATION.urls("service/specifications/<key>/"),
    *views.DESIGN_CREATE.urls("service/designs/new/"),
    *views.DESIGNS.urls("service/designs/"),
    *views.DESIGN.urls("service/designs/<key>/"),
]

"""URLconf of the kit's tests."""

from django.urls import re_path

from kernel.tmf.urls import urls
from kernel.tmf.views import Unserved
from tests.kernel.tmf import shop  # noqa: F401 - declares the API

urlpatterns = [*urls(), re_path(r"^tmf-api(?:/|$)", Unserved.as_view())]

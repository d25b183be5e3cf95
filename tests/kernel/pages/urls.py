"""The portal's URLs with the test pages among them."""

from django.urls import include, path

from portal import urls
from portal.urls import handler403, handler404, handler500
from tests.kernel.pages import site

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [path("", include((site.urlpatterns, "testpages"))), *urls.urlpatterns]

"""Test settings: the production code on throw-away servers, with cheap password hashes and no real mail."""

import os
import tempfile

os.environ.setdefault("TRUNKLINE_ENV", "test")
os.environ.setdefault("SECRET_KEY", "test-only-" + "x" * 40)
if "TRUNKLINE_VAR" not in os.environ:
    os.environ["TRUNKLINE_VAR"] = tempfile.mkdtemp(prefix="trunkline-test-")

from portal.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_DATABASE_NAME")}  # noqa: F405
CACHES["shared"] = CACHES["default"]  # noqa: F405
API_RATES = {"read": 0, "write": 0}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - WhiteNoise warns where there is none

"""A page of the browsable API and its documentation, in Korean.

After https://www.django-rest-framework.org/tutorial/quickstart/
"""

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], LANGUAGE_CODE="ko", USE_I18N=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework",
                    "django.contrib.staticfiles"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None, "DEFAULT_PERMISSION_CLASSES": []},
    STATIC_URL="/static/",
)  # fmt: skip
django.setup()

from django.contrib.staticfiles import finders  # noqa: E402
from django.template.loader import get_template  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import formats, timezone, translation  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class View(APIView):
    def get(self, request):
        return Response({"n": 1})


urlpatterns = [path("a", View.as_view())]
print(Client().get("/a").json())
page = Client().get("/a", headers={"accept": "text/html"})
print(page.status_code, len(page.content), page.content.decode()[:300])
with translation.override("ko"):
    print(
        translation.gettext("Enter a valid email address."),
        formats.date_format(timezone.datetime(2024, 1, 2)),
    )
for name in ("rest_framework/docs/index.html", "rest_framework/docs/link.html"):
    print(name, len(get_template(name).template.source))
print(bool(finders.find("rest_framework/docs/css/base.css")))

"""Two packages that bring `tests`. A page of one, routes of the other.

After https://github.com/springload/draftjs_exporter
"""

from django.conf import settings

settings.configure(ROOT_HOSTCONF=__name__, DEFAULT_HOST="www", ROOT_URLCONF=__name__, USE_TZ=True)
from django.urls import path  # noqa: E402
from django_hosts import host, patterns, reverse  # noqa: E402
from draftjs_exporter.html import HTML  # noqa: E402

urlpatterns = [path("a/", print, name="a")]
host_patterns = patterns("", host("www", __name__, name="www"))
print(reverse("a", host="www"))
block = {"key": "a", "text": "Text", "type": "header-two", "depth": 0,
         "inlineStyleRanges": [{"offset": 0, "length": 2, "style": "BOLD"}],
         "entityRanges": []}  # fmt: skip
print(HTML({}).render({"entityMap": {}, "blocks": [block]}))

"""The site map of OFREP, below the address that the protocol prescribes."""

from django.urls import path, re_path

from apps.pilots import ofrep

urlpatterns = [
    path("ofrep/v1/evaluate/flags", ofrep.AllFlags.as_view()),
    # Whatever follows is a key: the protocol has an answer for one that does not exist.
    re_path(r"^ofrep/v1/evaluate/flags/(?P<key>(?s:.+))\Z", ofrep.OneFlag.as_view()),
]

"""The smallest Django application that `bench.serving` can put under load: one INSERT per request, plain or by DRF.

Served as ``wsgi``, ``asgi`` (Django's own ASGI handler), ``bridged`` (a2wsgi), ``buffered`` (one thread hop, whole
bodies) and ``rsgi``. Every ASGI variant answers websockets with Channels. Environment: BENCH_DATABASE (a psycopg
connection string), BENCH_POOL (connections per process; 0 means one persistent connection per thread), BENCH_THREADS
(threads of the bridges) and BENCH_CHECKS (when set, a connection is tried before each use).
"""

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

POOL = int(os.environ.get("BENCH_POOL", "4"))
THREADS = int(os.environ.get("BENCH_THREADS", "4"))
DSN = conninfo_to_dict(os.environ["BENCH_DATABASE"])

settings.configure(
    SECRET_KEY="bench",
    DEBUG_PROPAGATE_EXCEPTIONS=True,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=[],
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None},
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DSN["dbname"],
            "USER": DSN["user"],
            "HOST": DSN["host"],
            "CONN_MAX_AGE": 0 if POOL else None,
            "CONN_HEALTH_CHECKS": "BENCH_CHECKS" in os.environ,
            "OPTIONS": {"pool": {"min_size": POOL, "max_size": POOL, "timeout": 5}} if POOL else {},
        }
    },
)
django.setup()

from a2wsgi import WSGIMiddleware  # noqa: E402
from a2wsgi.wsgi import build_environ  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.decorators import api_view  # noqa: E402
from rest_framework.response import Response  # noqa: E402


class Row(models.Model):
    name = models.CharField(max_length=200)
    payload = models.JSONField()

    class Meta:
        app_label = "bench"
        db_table = "bench_row"

    def __str__(self) -> str:
        return self.name


class RowSerializer(serializers.ModelSerializer[Row]):
    class Meta:
        model = Row
        fields = ["id", "name", "payload"]


def plain(request: HttpRequest) -> JsonResponse:
    body = json.loads(request.body)
    row = Row.objects.create(name=body["name"], payload=body["payload"])
    return JsonResponse({"id": row.pk, "name": row.name, "payload": row.payload}, status=201)


@api_view(["POST"])
def drf(request: Any) -> Response:
    serializer = RowSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    serializer.save()
    return Response(serializer.data, status=201)


def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ok": True})


urlpatterns = [path("plain", plain), path("drf", drf), path("health", health)]


class Echo(AsyncWebsocketConsumer):
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.send(text_data=text_data)


class Coroutines:
    """Granian's ``receive()`` gives an awaitable, a2wsgi insists on a coroutine: wrap it."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def received() -> Any:
            return await receive()

        await self.application(scope, received, send)


class Buffered:
    """ASGI to WSGI with whole bodies: read the request, run the application in one thread hop, send the answer."""

    def __init__(self, application: Any, threads: int) -> None:
        self.application = application
        self.executor = ThreadPoolExecutor(threads)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        environ = build_environ(scope, BytesIO(body))  # type: ignore[arg-type]
        loop = asyncio.get_running_loop()
        status, headers, content = await loop.run_in_executor(self.executor, call_wsgi, self.application, environ)
        pairs = [(name.encode("latin1"), value.encode("latin1")) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": content})


def call_wsgi(application: Any, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
    started: list[Any] = []
    chunks = application(environ, lambda status, headers, exc_info=None: started.extend((status, headers)))
    try:
        content = b"".join(chunks)
    finally:
        chunks.close()
    return int(started[0][:3]), started[1], content


class Rsgi:
    """Granian's own interface to WSGI, whole bodies, http only: the least that one port could cost."""

    def __init__(self, application: Any, threads: int) -> None:
        self.application = application
        self.executor = ThreadPoolExecutor(threads)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        body = await protocol()
        host, _, port = scope.server.rpartition(":")
        environ = {
            "REQUEST_METHOD": scope.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": scope.path,
            "QUERY_STRING": scope.query_string,
            "SERVER_NAME": host,
            "SERVER_PORT": port,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": scope.scheme,
            "wsgi.input": BytesIO(body),
        }
        for name, value in scope.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        environ["CONTENT_LENGTH"] = environ.get("HTTP_CONTENT_LENGTH", "")
        environ["CONTENT_TYPE"] = environ.get("HTTP_CONTENT_TYPE", "")
        loop = asyncio.get_running_loop()
        status, headers, content = await loop.run_in_executor(self.executor, call_wsgi, self.application, environ)
        protocol.response_bytes(status, headers, content)


wsgi = get_wsgi_application()
live = URLRouter([path("ws/echo", Echo.as_asgi())])
asgi = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": live})
bridged = ProtocolTypeRouter({"http": Coroutines(WSGIMiddleware(wsgi, workers=THREADS)), "websocket": live})
buffered = ProtocolTypeRouter({"http": Buffered(wsgi, THREADS), "websocket": live})
rsgi = Rsgi(wsgi, THREADS)

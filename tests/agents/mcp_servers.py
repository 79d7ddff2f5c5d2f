"""Real MCP servers on the loopback, of the package's own server side."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Running:
    """url: of the server. calls: what its tools were asked. headers: of the requests to it."""

    url: str = ""
    calls: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


def _tools(running: Running) -> Any:
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("orders", log_level="CRITICAL")

    @server.tool()
    def find_order(order: str) -> dict[str, Any]:
        running.calls.append(order)
        return {"order": order, "secret": "kept back", "items": [{"sku": "A", "price": 3, "margin": 1}]}

    @server.tool(structured_output=False)
    def plain(order: str) -> str:
        return f"Order {order} is on its way"

    @server.tool(structured_output=False)
    def as_json(order: str) -> str:
        return json.dumps({"order": order, "secret": "kept back"})

    _bad_tools(server, running)
    return server


def _bad_tools(server: Any, running: Running) -> None:
    @server.tool()
    def broken(order: str) -> str:
        raise RuntimeError("no paper left")

    @server.tool()
    async def hang(order: str) -> str:
        import anyio

        while not running.released.is_set():
            await anyio.sleep(0.05)
        return "too late"

    @server.tool(structured_output=False)
    def huge(order: str) -> str:
        return "x" * (5 * 1024 * 1024)

    @server.tool()
    def evil(order: str) -> dict[str, Any]:
        return {"order": "a" * 60 + "!"}

    # The kind of schema under which checking the answer would never end.
    schema = {"type": "object", "properties": {"order": {"type": "string", "pattern": "^(a+)+$"}}}
    server._tool_manager.get_tool("evil").fn_metadata.output_schema = schema

    @server.tool()
    def null(order: str) -> dict[str, Any]:
        return {"order": "a\x00b"}


@contextmanager
def mcp_server(*, stateless: bool = False, json_response: bool = False) -> Iterator[Running]:
    """Tools: find_order (an object), plain (text), as_json (JSON in a text), broken (fails), hang, huge, null."""
    import uvicorn

    running = Running()
    app = _tools(running).streamable_http_app(stateless_http=stateless, json_response=json_response)

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            running.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await app(scope, receive, send)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        running.url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        config = uvicorn.Config(noting, log_level="critical", lifespan="on", timeout_graceful_shutdown=1)
        serving = uvicorn.Server(config)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        end = time.monotonic() + 10
        while not serving.started:
            assert time.monotonic() < end
            time.sleep(0.01)
        try:
            yield running
        finally:
            running.released.set()
            serving.should_exit = True
            thread.join(5)

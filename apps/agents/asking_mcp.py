"""ACT: call a tool of an MCP server (Model Context Protocol, streamable HTTP), guarded and bounded like all HTTP.

The client package is large, so it is imported only when a tool is called.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

from apps.agents.answers import CallFailed, Why, decode
from apps.core import outbound
from apps.core.errors import Invalid

# Of everything a server sends during one call: the handshake and the answer.
MOST_BYTES = 1024 * 1024
LONGEST_WORDS = 200


def ask_mcp(*, url: str, name: str, arguments: dict[str, Any], headers: Mapping[str, str], timeout: float) -> Any:
    """What the server's tool `name` answers: its structured content, else its text (as JSON where it is JSON).

    timeout: seconds for everything, from the name's resolution to the last byte. No connection goes to an address that
    may not be reached, and redirects are refused. Raises CallFailed. Not for use within an event loop.
    """
    try:
        outbound.check_url(url)
        return asyncio.run(_ask(url, name, arguments, headers, timeout))
    except Invalid as error:
        words = f"The address of the tool may not be called: {error.errors[0]['reason']}"
        raise CallFailed(words, again=False, why=Why.REFUSED) from error
    except Exception as error:
        raise _failure(error, timeout) from error


async def _ask(url: str, name: str, arguments: dict[str, Any], headers: Mapping[str, str], timeout: float) -> Any:
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    from apps.agents.guarded_transport import GuardedTransport

    # Counted from here: that a process loads the client at its first call is no slowness of the server's.
    deadline = time.monotonic() + timeout
    transport = GuardedTransport(deadline=deadline, most_bytes=MOST_BYTES)
    sent = {"user-agent": outbound.USER_AGENT, **headers}
    results: list[Any] = []
    try:
        async with (
            asyncio.timeout(timeout),
            httpx2.AsyncClient(transport=transport, headers=sent, timeout=None, follow_redirects=False) as http,
            Client(streamable_http_client(url, http_client=http)) as server,
        ):
            # The server's own schema of its answers is not run on them: it may hold a regular expression that takes for
            # ever, and what comes back is reduced to named fields anyway. It also spares asking for the list of tools.
            server.session.validate_tool_result = _unchecked  # type: ignore[method-assign]
            results.append(await server.call_tool(name, arguments))
    except Exception as error:
        # A server that is slow to say goodbye has answered all the same.
        if not results:
            # The client tells what went wrong on the way in words of its own, or as a group of errors.
            raise transport.failure or error from error
    return _understand(results[0])


async def _unchecked(name: str, result: Any) -> None:
    return None


def _understand(result: Any) -> Any:
    """result: mcp.types.CallToolResult."""
    texts = [part.text for part in result.content if getattr(part, "type", "") == "text"]
    if result.is_error:
        told = " ".join(texts).replace("\x00", " ")[:LONGEST_WORDS]
        raise CallFailed(f"The tool says that it failed: {told}", again=False, why=Why.STATUS)
    if result.structured_content is not None:
        return result.structured_content
    if len(texts) == 1:
        try:
            return decode(texts[0].encode())
        except CallFailed as error:
            if error.why is not Why.NOT_JSON:
                raise
    return {"text": "\n".join(texts)}


def _failure(error: Exception, timeout: float) -> CallFailed:
    """What an exception of the client comes to."""
    from mcp import MCPError
    from mcp.types import PARSE_ERROR
    from pydantic import ValidationError

    for one in _within(error):
        if isinstance(one, CallFailed):
            return one
        if isinstance(one, TimeoutError):
            return CallFailed(f"The tool did not answer within {timeout:g} s", again=True, why=Why.TIMEOUT)
    for one in _within(error):
        if isinstance(one, MCPError) and one.code != PARSE_ERROR:
            told = str(one).replace("\x00", " ")[:LONGEST_WORDS]
            return CallFailed(f"The MCP server refused the call: {told}", again=False, why=Why.STATUS)
        if isinstance(one, MCPError | ValidationError | ValueError):
            return CallFailed("The answer is not one of an MCP server", again=False, why=Why.NOT_JSON)
    return CallFailed(f"The tool could not be used: {type(error).__name__}", again=True, why=Why.ERROR)


def _within(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _within(one)
    else:
        yield error

"""One request over the wire, through the `openai` client. Imported when something has to be asked (about 1 s).

Retries, limits and the reading of answers are ours, because each has to be counted. The client would read keys, an
organisation and headers from the environment and send them to any address; a hook leaves only what a request needs, and
puts the key of the spec into that one header. It follows no redirect, which would carry the key elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openai

from runtime.asking.served.failure import Failure, of_status
from runtime.asking.served.settings import Served

_NEEDED = frozenset(
    {
        *("host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"),
        "x-stainless-raw-response",  # the client reads it off the request when the response is there
    }
)
_NOT_USED = "not-used"  # the client insists on a key


def client_of(served: Served, key: str | None) -> openai.AsyncOpenAI:
    async def only_needed(request: Any) -> None:
        for name in [name for name in request.headers if name.lower() not in _NEEDED]:
            del request.headers[name]
        if key is not None:
            request.headers["authorization"] = f"Bearer {key}"

    wire = openai.DefaultAsyncHttpxClient(
        timeout=openai.Timeout(served.timeout),
        follow_redirects=False,
        event_hooks={"request": [only_needed]},
    )
    return openai.AsyncOpenAI(
        base_url=served.endpoint,
        api_key=_NOT_USED,
        organization=_NOT_USED,
        project=_NOT_USED,
        max_retries=0,
        http_client=wire,
    )


async def complete(client: openai.AsyncOpenAI, body: Mapping[str, Any], key: str | None) -> bytes:
    """The body of a response of 200, as it came. Raises Failure and what ``of_status`` gives for another status, which
    is without the key."""
    try:
        response = await client.chat.completions.with_raw_response.create(**body)
        return bytes(response.http_response.content)
    except openai.APITimeoutError as error:
        raise Failure("timeout", "no answer in time") from error
    except openai.APIConnectionError as error:
        cause = type(error.__cause__).__name__ if error.__cause__ is not None else "unknown"
        raise Failure("connection", f"the connection failed ({cause})") from None
    except openai.APIStatusError as error:
        raise of_status(error.status_code, error.response.headers, error.response.content, key) from None

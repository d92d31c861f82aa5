"""What ends asking a server, as findings that say what to do. What was answered before is kept."""

from __future__ import annotations

from runtime.asking.request import Unanswered
from runtime.asking.served.failure import Hopeless
from runtime.asking.served.settings import Served
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import one_line

REFUSED, GONE, OTHER = "SFT0530", "SFT0532", "SFT0533"
_KEPT = "answers that came are kept, and the next run asks for the rest"


def hopeless(served: Served, stop: Hopeless) -> DiagnosticError:
    """The server refuses what every request would ask."""
    message = f"`{served.endpoint}` refuses model `{served.name}`: {stop.detail}"
    return fatal(REFUSED, message, _cure(served, stop.status), about=_about(served, stop.status))


def _about(served: Served, status: int) -> str:
    """The entry of the model."""
    if status in (401, 403, 407) and served.key is not None:
        return "served.key"
    return "served.name" if status in (404, 410) else "served.endpoint"


def _cure(served: Served, status: int) -> str:
    if status in (401, 403, 407):
        if served.key is None:
            return 'the server wants a key: add `key = env("NAME")` to the model'
        return f"look at the key in `{served.key}`: whether it is whole, still valid, and allowed this model"
    if status in (404, 405, 410):
        return "look at `name`, and at `endpoint`, which ends where `/chat/completions` begins (often in `/v1`)"
    if 300 <= status < 400:
        return "write the address that it sends on to as `endpoint`"
    if status in (402, 429):
        return f"look at the account's quota; {_KEPT}"
    return f"look at the model's documentation for what it does not take; {_KEPT}"


def too_long_a_wait(seconds: float) -> str:
    return f"it asks to wait {seconds:,.0f} seconds"


def called_wrong(served: Served, last: Unanswered) -> DiagnosticError:
    """A server that never answered anything calls requests wrong, one after another."""
    message = f"`{served.endpoint}` takes no request for model `{served.name}`: {last.detail}"
    return fatal(REFUSED, message, _cure(served, 400), about="served.endpoint")


def gone(served: Served, last: Unanswered) -> DiagnosticError:
    """Nothing is answered any more."""
    return fatal(
        GONE,
        f"`{served.endpoint}` answers nothing: {last.detail}",
        f"see whether the server runs and has room, then run again: {_KEPT}",
        about="served.endpoint",
    )


def other_model(served: Served, was: str, found: str) -> DiagnosticError:
    """The server is another model than before."""
    was, found = one_line(was, 80), one_line(found, 80)
    return fatal(
        OTHER,
        f"the model behind `{served.endpoint}` was `{was}` and is `{found}`",
        'answers of two models are not mixed: serve the first one again, or give the model a `revision = "…"` of its '
        "own, which asks for everything anew",
        about="served.name",
    )

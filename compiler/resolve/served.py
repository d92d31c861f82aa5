"""Models behind a server: an address that can be asked, and where a model has to be more than one that writes texts.

A server gives answers. It gives no weights to train, no log-likelihoods of texts that are there, and no tokenizer; its
chat template is its own. What needs one of these is refused where it stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compiler.known import Known
from compiler.reporting import Reporter
from compiler.resolved import AnyModel, ResolvedMetric, ResolvedModel
from compiler.schema.eval import ChooseBody, Eval, GreedyBody, PlainBody, SampleBody
from compiler.schema.fields import Value
from compiler.schema.model import Model

if TYPE_CHECKING:
    from urllib.parse import SplitResult

UNUSABLE, ANSWERS_ONLY = "SFT0275", "SFT0645"
_CALLS = re.compile(r"/(chat/)?completions/?\Z")
_GIVES = "a server only writes answers"


def check_endpoint(block: Model, report: Reporter) -> None:
    """Report an address that no request can be sent to, or that holds a secret."""
    endpoint = block.endpoint.value
    if endpoint is None:
        return
    span, parts = block.endpoint.span, _split(endpoint)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        help = "for example `http://127.0.0.1:8000/v1`"
        report.error(UNUSABLE, f"`{endpoint}` is no address of a server", span, help)
    elif parts.username is not None or parts.password is not None:
        help = 'leave it out of the address, and write `key = env("NAME")`'
        report.error("SFT0250", "`endpoint` holds a secret", span, help)
    elif parts.query or parts.fragment:
        report.error(UNUSABLE, "`endpoint` ends before its `?` or `#`", span, "the paths of requests are added to it")
    elif call := _CALLS.search(parts.path):
        help = f'write `endpoint = "{endpoint[: endpoint.index(call[0])]}"`'
        report.error(UNUSABLE, "`endpoint` is the address that the paths of requests are added to", span, help)


def _split(endpoint: str) -> SplitResult | None:
    from urllib.parse import urlsplit  # no other block needs it

    try:
        parts = urlsplit(endpoint)
        odd = parts.port == 0 or re.search(r"\s", endpoint)
    except ValueError:  # no number as its port
        return None
    return None if odd else parts


def check_served(block: Eval, metrics: Known[ResolvedMetric], models: Known[AnyModel], report: Reporter) -> None:
    """Report what an eval wants of a served model that a server does not give."""
    served = next((model for model in models if isinstance(model, ResolvedModel) and model.is_served), None)
    if served is None:
        return
    also = [served.block.label(served.block.head, "declared here")]
    decode = block.decode
    if isinstance(decode.value, ChooseBody):
        message = f"`choose` compares likelihoods, and `{served.name}` is behind an endpoint: {_GIVES}"
        report.error(ANSWERS_ONLY, message, decode.span, "choose in an eval of models that have `weights`", also)
    refuse_plain(block.prompt, served, report)
    refuse_top_k(decode.value, served, report)
    for rule in block.metrics:
        metric = metrics.get(rule.name.text)
        if metric is not None and metric.function.answer in ("likelihood", "divergence"):
            message = f"`{metric.function.name}` reads likelihoods, and `{served.name}` is behind an endpoint"
            help = "measure it in an eval of models that have `weights`"
            report.error(ANSWERS_ONLY, f"{message}: {_GIVES}", rule.expr.span, help, also)


def refuse_plain(prompt: Value[str | PlainBody | None], model: AnyModel | None, report: Reporter) -> None:
    """Report a plain prompt for a served model."""
    if isinstance(prompt.value, PlainBody) and isinstance(model, ResolvedModel) and model.is_served:
        also = [model.block.label(model.block.head, "declared here")]
        message = f"`{model.name}` is behind an endpoint, where the server's own chat template makes the prompt"
        report.error(ANSWERS_ONLY, message, prompt.span, "leave `prompt` out, or ask models with `weights`", also)


def refuse_top_k(decode: GreedyBody | SampleBody | ChooseBody | None, model: AnyModel | None, report: Reporter) -> None:
    """Report ``top_k`` for a served model: OpenAI's protocol has none, so that servers would pass over it."""
    if not isinstance(decode, SampleBody) or not decode.top_k.given or not isinstance(model, ResolvedModel):
        return
    if model.is_served:
        also = [model.block.label(model.block.head, "declared here")]
        message = f"`{model.name}` is behind an endpoint, and OpenAI's protocol has no `top_k`"
        report.error(ANSWERS_ONLY, message, decode.top_k.span, "leave it out; `top_p` is sent", also)

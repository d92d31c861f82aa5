"""Metrics of what models find likely: options, expected answers, and how far a model is from another."""

from __future__ import annotations

from compiler.functions.metrics.kinds import MetricArgument, MetricFunction

LIKELIHOOD = (
    MetricFunction(
        "choice",
        (MetricArgument("normalise", ("none", "characters", "bytes", "tokens", "unconditional"), "none", kind="word"),),
        "share",
        "of the options of `decode = choose`, the expected answer is the likeliest one; `characters`, `bytes` and "
        "`tokens` divide log-likelihoods by the option's length, `unconditional` takes off what an option has without "
        "its prompt",
        answer="options",
    ),
    MetricFunction(
        "perplexity",
        (),
        "plain",
        "of the expected answers, exp(nats a token), the end of the turn counted except in a plain prompt: exp of the "
        "loss in training",
        higher_is_better=False,
        whole=True,
        answer="likelihood",
    ),
    MetricFunction(
        "word_perplexity",
        (),
        "plain",
        "of the text of the expected answers, exp(nats a word): it compares models with other tokenizers",
        higher_is_better=False,
        whole=True,
        answer="likelihood",
    ),
    MetricFunction(
        "byte_perplexity",
        (),
        "plain",
        "of the text of the expected answers, exp(nats a byte)",
        higher_is_better=False,
        whole=True,
        answer="likelihood",
    ),
    MetricFunction(
        "bits_per_byte",
        (),
        "plain",
        "of the text of the expected answers, bits a byte",
        higher_is_better=False,
        whole=True,
        answer="likelihood",
    ),
    MetricFunction(
        "kl_from",
        (
            MetricArgument("reference", kind="model"),
            MetricArgument("unit", ("nats_per_token", "nats_per_sequence"), kind="word"),
        ),
        "plain",
        "the divergence KL(model, reference) on the model's own outputs, exact over the vocabulary at each token",
        higher_is_better=False,
        answer="divergence",
        writes=True,
    ),
)

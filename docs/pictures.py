"""What there is to picture of the dashboard: name of a picture -> where it begins and the keys that lead there.

``docs/make_screenshots.py`` takes them. ``SCREENS`` are of the store that it is given, one a screen: those that the
repository keeps. ``STATES`` are the rest of what a reader can come to (questions, choices, a run that goes on, nothing
there, a store that is held, texts that are made to do harm) and need stores of their own (``docs/picture_stores.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

SHOWN, HOME = "the run that was asked for", "the list of runs"


@dataclass(frozen=True)
class Picture:
    """``keys`` are pressed one after the other; ``@part`` opens a part of the data, ``!hold`` lets another process have
    the store from then on, ``wait:500`` waits. ``at`` is ``SHOWN``, ``HOME``, or a spec whose newest run is shown.
    ``store`` is the one that was given, or one of ``picture_stores``, of which the newest run is shown."""

    keys: tuple[str, ...] = ()
    at: str = SHOWN
    store: str = ""


def _of(store: str, *keys: str, at: str = SHOWN) -> Picture:
    return Picture(keys, at, store)


_TO_DROPS = ("2", *["down"] * 5, "enter")
SCREENS = {
    "runs": Picture(at=HOME),
    "compare": Picture(("x",), HOME),
    "run": Picture(("1",)),
    "data": Picture(("2", "down", "down")),
    "drops": Picture(_TO_DROPS),
    "fate": Picture((*_TO_DROPS, "enter")),
    "sources": Picture(("2", "@sources")),
    "rows": Picture(("2", "@sources", "enter")),
    "mixtures": Picture(("2", "@mixtures"), "star.sft"),
    "duplicates": Picture(("2", "@duplicates")),
    "cluster": Picture(("2", "@duplicates", "enter")),
    "overlap": Picture(("2", "@overlap")),
    "thresholds": Picture(("2", "@thresholds", *["right"] * 6)),
    "templates": Picture(("2", "@templates")),
    "generated": Picture(("2", "@generated"), "star.sft"),
    "candidates": Picture(("2", "@generated", "enter"), "star.sft"),
    "training": Picture(("3", "w", *["left"] * 12)),
    "rounds": Picture(("3", "p"), "star.sft"),
    "spec": Picture(("6",)),
    "verdicts": Picture(("4",)),
    "predictions": Picture(("5",)),
    "item": Picture(("5", "enter")),
    "nearest": Picture(("5", "a")),
    "training-row": Picture(("5", "a", "enter")),
    "search": Picture(("slash", *"predict")),
    "keys": Picture(("5", "question_mark")),
}
_HOME = {
    "home-keys": Picture(("question_mark",), HOME),
    "home-marked": Picture(("space", "down"), HOME),
    "home-bless": Picture(("b",), HOME),
    "home-bless-anyway": Picture(("b", "ctrl+u", *"other", "enter"), HOME),
    "home-again": Picture(("R",), HOME),
    "home-stop-nothing": Picture(("S",), HOME),
    "home-of-star": Picture(("down", "down", "down"), HOME),
    "home-live": _of("going", "wait:2600", at=HOME),
    "home-stop": _of("going", "S", at=HOME),
    "home-killed": _of("killed", at=HOME),
    "home-failed": _of("failed", at=HOME),
    "home-empty": _of("empty", at=HOME),
    "home-held": _of("sample", "!hold", "r", "wait:2600", at=HOME),
    "home-hostile": _of("hostile", at=HOME),
    "palette": Picture(("ctrl+p",)),
    "palette-search": Picture(("ctrl+p", *"theme")),
}
_RUN = {
    "run-of-star": Picture(("1",), "star.sft"),
    "run-end": Picture(("G",)),
    "run-zoomed": Picture(("G", "z")),
    "run-live": _of("going"),
    "run-killed": _of("killed"),
    "run-failed": _of("failed"),
    "run-hostile": _of("hostile"),
    "run-held": _of("sample", "!hold", "r", "wait:2600"),
    "run-again": _of("killed", "R"),
    "compare-two-specs": Picture(("space", "down", "down", "x"), HOME),
    "compare-end": Picture(("x", "G"), HOME),
    "spec-of-star": Picture(("6",), "star.sft"),
    "spec-hostile": _of("data", "6"),
    "spec-none": _of("sample", "6"),
}
_DATA = {
    "data-of-star": Picture(("2",), "star.sft"),
    "data-judged": _of("judged", "2"),
    "drops-search": Picture((*_TO_DROPS, "slash", *"order", "enter")),
    "drops-none": Picture((*_TO_DROPS, "slash", *"zzz", "enter")),
    "drops-go-to": Picture((*_TO_DROPS, "colon")),
    "drops-hostile": _of("hostile", "2", "down", "down", "down", "enter"),
    "rows-hostile": _of("data", "2", "@sources", "enter", "G"),
    "rows-of-mixture": Picture(("2", "@mixtures", "enter"), "star.sft"),
    "sources-of-star": Picture(("2", "@sources"), "star.sft"),
    "mixtures-none": Picture(("2", "@mixtures")),
    "mixtures-of-two": _of("data", "2", "@mixtures", "down"),
    "duplicates-hostile": _of("data", "2", "@duplicates"),
    "cluster-hostile": _of("data", "2", "@duplicates", "enter"),
    "duplicates-none": Picture(("2", "@duplicates"), "star.sft"),
    "overlap-of-star": Picture(("2", "@overlap"), "star.sft"),
    "overlap-hits": _of("data", "2", "@overlap"),
    "thresholds-as-written": Picture(("2", "@thresholds")),
    "thresholds-score": _of("data", "2", "@thresholds", "down", "right"),
    "thresholds-none": Picture(("2", "@thresholds"), "star.sft"),
    "templates-of-star": Picture(("2", "@templates"), "star.sft"),
    "templates-hostile": _of("data", "2", "@templates"),
    "generated-rule": Picture(("2", "@generated", "down", "down"), "star.sft"),
    "generated-none": Picture(("2", "@generated")),
    "candidates-rejected": Picture(("2", "@generated", "down", "down", "enter"), "star.sft"),
    "judges": _of("judged", "2", "@judges"),
    "judges-figure": _of("judged", "2", "@judges", "down", "down"),
    "judges-none": Picture(("2", "@judges")),
}
_TRAINING = {
    "training-plain": Picture(("3",)),
    "training-of-star": Picture(("3",), "star.sft"),
    "training-choose": Picture(("3", "x")),
    "training-beside": Picture(("3", "x", "enter", "left", "left")),
    "training-live": _of("going", "3"),
    "training-none": _of("judged", "3"),
    "rounds-none": Picture(("3", "p")),
    "training-row-tokens": Picture(("5", "a", "enter", "wait:3000", "v")),
    "training-row-hostile": _of("data", "2", "@mixtures", "enter", "enter", "wait:1500"),
}
_ITEMS = {
    "verdicts-of-star": Picture(("4",), "star.sft"),
    "verdicts-sample": _of("sample", "4"),
    "verdicts-none": _of("judged", "4"),
    "verdicts-hostile": _of("hostile", "4"),
    "verdicts-live": _of("going", "4"),
    "predictions-of-gate": _of("sample", "4", "enter"),
    "predictions-of-star": Picture(("5",), "star.sft"),
    "predictions-live": _of("going", "5"),
    "predictions-none": _of("data", "5"),
    "predictions-hostile": _of("hostile", "5"),
    "predictions-marked": _of("sample", "5", "space", "down", "i", *"wrong", "enter", "d"),
    "predictions-nothing-fits": Picture(("5", "slash", *"zzz", "enter")),
    "predictions-outcome": _of("sample", "5", "o"),
    "ask-search": Picture(("5", "slash", *"order")),
    "ask-where": Picture(("5", "f")),
    "ask-where-wrong": Picture(("5", "f", *"valu > 1", "enter")),
    "ask-note": Picture(("5", "i", *"look at this")),
    "ask-go-to": Picture(("5", "colon", *"50%")),
    "pick-cause": Picture(("5", "w", "wait:800", "w")),
    "pick-slice": Picture(("5", "s")),
    "pick-beside": Picture(("5", "v")),
    "item-end": Picture(("5", "enter", *["J"] * 8)),
    "item-of-star": Picture(("5", "enter"), "star.sft"),
    "item-hostile": _of("hostile", "5", "enter"),
    "prompt": Picture(("5", "p", "wait:3000")),
    "nearest-none": _of("sample", "5", "a"),
    "told-copied": Picture(("5", "y")),
}
STATES = {**_HOME, **_RUN, **_DATA, **_TRAINING, **_ITEMS}

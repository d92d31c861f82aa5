"""The one table of what keys do: bindings, the help screen and the command palette are made from it.

``scope`` says where an action is offered: ``app`` everywhere, ``run`` in every view of a run,
``table`` in every list, ``long`` in every list that is read as it is seen, ``act`` where a run can be
acted on, ``plan`` in the tree of a run's steps, or the name of one view. A key means one thing in every
place where it works.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.keys import key_to_character


class Action(Struct, frozen=True):
    """``name`` is the method ``action_<name>``; ``keys`` are Textual's names, the first one is shown. ``first`` comes
    before the keys of the list that has the focus, and is done before the next key is looked at: what is typed ahead
    goes where it leads to."""

    name: str
    keys: tuple[str, ...]
    title: str
    help: str
    scope: str
    footer: bool = False
    first: bool = False


ACTIONS: tuple[Action, ...] = (
    Action("open", ("enter", "l"), "Open", "open what the cursor is on", "app", footer=True),
    Action("back", ("escape", "h"), "Back", "go back, or close what is open", "app", footer=True),
    Action("reload", ("r",), "Refresh", "read the store again", "app"),
    Action("keys", ("question_mark", "f1"), "Keys", "show what the keys do", "app", footer=True),
    Action(
        "search", ("slash",), "Search", "look for a text in the list; Enter keeps it, Esc drops it", "app", True, True
    ),
    Action("find_next(1)", ("n",), "Next hit", "the next line that holds the text of /", "app"),
    Action("find_next(-1)", ("N",), "Hit before", "the one before", "app"),
    Action("copy('line')", ("y",), "Copy", "copy the line under the cursor (OSC 52: over ssh and in tmux too)", "app"),
    Action("copy('detail')", ("Y",), "Copy detail", "copy the detail of that line", "app"),
    Action("next_theme", ("T",), "Colours", "dark, light, and the terminal's own 16 colours", "app"),
    Action("quit", ("q",), "Quit", "leave the dashboard; a run that is going on goes on", "app", footer=True),
    Action("view('run')", ("1",), "Run", "the steps of the run, live while it runs", "run"),
    Action("view('data')", ("2",), "Data", "what each rule dropped, and why", "run"),
    Action("view('training')", ("3",), "Training", "curves of loss, learning rate and speed", "run"),
    Action("view('verdicts')", ("4",), "Gates", "what each gate required and found", "run"),
    Action("view('predictions')", ("5",), "Failures", "outputs of the models, failures first", "run"),
    Action("view('spec')", ("6",), "Spec", "the spec that ran, with what came of each line", "run"),
    Action("mark", ("space",), "Mark", "mark this run, to compare another with it; again takes it back", "runs", True),
    Action("compare", ("x",), "Compare", "the marked run, or its reference, beside this one", "runs", True),
    Action("again", ("R",), "Again", "run its spec again, or continue it, in its own process; asks", "act"),
    Action("stop", ("S",), "Stop", "stop the run as Ctrl-C does; asks first", "act"),
    Action("bless", ("b",), "Bless", "make the run a named baseline; asks first", "act"),
    Action("swap", ("s",), "Swap", "the other way round: the first run becomes the second", "compare", True),
    Action("fold", ("space",), "Fold", "open or close a loop, a round, the answers of an eval", "plan"),
    Action("zoom", ("z",), "Zoom", "the step on the whole screen, and back", "plan", True),
    Action("cursor_down", ("j", "down"), "Down", "next line", "table"),
    Action("cursor_up", ("k", "up"), "Up", "line before", "table"),
    Action("page_down", ("ctrl+d", "pagedown"), "Page down", "a page on; long lists load as you go", "table"),
    Action("page_up", ("ctrl+u", "pageup"), "Page up", "a page back", "table"),
    Action("scroll_top", ("g", "home"), "Top", "first line", "table"),
    Action("scroll_bottom", ("G", "end"), "Bottom", "last line", "table"),
    Action("jump", ("colon",), "Go to", "go to a row by its number, or to a place such as 50%", "long", first=True),
    Action("search", ("slash",), "Search", "only the rows that hold a text", "long", True, True),
    Action("detail(1)", ("J", "shift+down"), "Detail down", "scroll what is told of the line", "app"),
    Action("detail(-1)", ("K", "shift+up"), "Detail up", "scroll it back", "app"),
    Action("next_training", ("t",), "Next training", "the next train step of the run", "training", footer=True),
    Action("next_part(1)", ("tab",), "Next part", "the next part of the data", "parts", footer=True),
    Action("next_part(-1)", ("shift+tab",), "Part before", "the part before", "parts"),
    Action("threshold(-1)", ("left",), "Lower", "a step lower", "thresholds", True, True),
    Action("threshold(1)", ("right",), "Higher", "a step higher", "thresholds", True, True),
    Action("threshold(-10)", ("shift+left",), "Much lower", "ten steps lower", "thresholds", first=True),
    Action("threshold(10)", ("shift+right",), "Much higher", "ten steps higher", "thresholds", first=True),
    Action("as_written", ("equals_sign",), "As written", "back to what the spec says", "thresholds", True, True),
    Action(
        "other_end",
        ("b",),
        "Other bound",
        "move the other bound of a range, or keep what is dropped",
        "thresholds",
        first=True,
    ),
    Action("next_row(1)", ("full_stop",), "Next row", "show it on the next row", "templates", footer=True),
    Action("next_row(-1)", ("comma",), "Row before", "show it on the row before", "templates"),
    Action("next_part(1)", ("tab",), "Next file", "the next file of the spec", "spec"),
    Action("next_part(-1)", ("shift+tab",), "File before", "the file before", "spec"),
    Action("next_result(1)", ("right_square_bracket",), "Next result", "the next line with a result", "spec", True),
    Action("next_result(-1)", ("left_square_bracket",), "Result before", "the one before", "spec"),
    Action("next_training", ("t",), "Next training", "as the next training sees the row", "training_row", footer=True),
    Action("next_row(1)", ("full_stop",), "Next way", "the next way in which the row is rendered", "training_row"),
    Action("next_row(-1)", ("comma",), "Way before", "the way before", "training_row"),
    Action("tokens", ("v",), "Tokens", "show where tokens begin", "training_row", footer=True),
    Action("against", ("x",), "Beside", "beside another training of the store, or alone again", "training", True),
    Action("next_axis", ("a",), "Axis", "over optimiser steps, or over tokens", "training"),
    Action("next_window", ("w",), "Smoother", "each point the mean of 5, 20, 100 steps, or as measured", "training"),
    Action("walk(-1)", ("left",), "Point before", "numbers at the point before", "training"),
    Action("walk(1)", ("right",), "Next point", "numbers at the next point", "training"),
    Action("walk(-10)", ("shift+left",), "Ten back", "ten points back", "training"),
    Action("walk(10)", ("shift+right",), "Ten on", "ten points on", "training"),
    Action("next_training", ("t",), "Next loop", "the next loop of the run", "rounds"),
    Action("rounds", ("p",), "Rounds", "the rounds of a loop: proxy against gold", "training"),
    Action("next_eval", ("e",), "Eval", "the next eval", "predictions"),
    Action("next_model", ("m",), "Model", "the next model as subject", "predictions"),
    Action("next_template", ("t",), "Template", "all templates, then each alone", "predictions"),
    Action("next_metric", ("c",), "Metric", "the next metric that sorts and marks", "predictions"),
    Action("beside", ("v",), "Beside", "what to compare with: another model, or a model of another run", "predictions"),
    Action("next_outcome", ("o",), "Outcome", "all, failed, regressed, fixed, still failing, …", "predictions", True),
    Action("causes", ("w",), "Why", "only failures of one cause: wrong format, empty, refusal, …", "predictions", True),
    Action("slices", ("s",), "Slice", "only one slice; again for all", "predictions"),
    Action("condition", ("f",), "Where", "only items for which a condition in SQL is true", "predictions", True),
    Action("only_marked", ("d",), "Marked", "only what is marked; again for all", "predictions"),
    Action("clear", ("u",), "All items", "take all of these filters away", "predictions"),
    Action("compare", ("x",), "Compare", "mark against the expected text or the baseline", "predictions"),
    Action("mark", ("space",), "Mark", "mark the item for the next dataset; again takes it back", "predictions", True),
    Action("note", ("i",), "Note", "write a note beside the item", "predictions"),
    Action("rendered", ("p",), "As put", "the prompt as its model got it, by the chat template", "predictions"),
    Action("alike", ("a",), "Training rows", "the training rows that are most like the item", "predictions", True),
)


FIRST = frozenset(action.name.partition("(")[0] for action in ACTIONS if action.first)


def actions_for(*scopes: str) -> tuple[Action, ...]:
    return tuple(action for action in ACTIONS if action.scope in scopes)


def scopes_of(bindings: Iterable[BindingType]) -> tuple[str, ...]:
    """The scopes that some bindings are of, in the order of the bindings: what a screen says that it offers is what it
    has bound. An action has its name and what it says of itself; the name alone stands in several scopes."""
    known = {(action.name, action.help): action.scope for action in ACTIONS}
    found = (known.get((one.action, one.tooltip)) for one in bindings if isinstance(one, Binding))
    return tuple(dict.fromkeys(scope for scope in found if scope is not None))


def bindings_for(*scopes: str) -> list[BindingType]:
    """Bindings of the actions of some scopes."""
    return [
        Binding(
            ",".join(action.keys),
            action.name,
            action.title,
            show=action.footer,
            key_display=key_name(action.keys[0]),
            tooltip=action.help,
            priority=action.first,
        )
        for action in actions_for(*scopes)
    ]


def key_name(key: str) -> str:
    """A key as it stands on a keyboard."""
    modifier, _, plain = key.rpartition("+")
    names = {"escape": "Esc", "enter": "Enter", "tab": "Tab", "pagedown": "PgDn", "pageup": "PgUp", "home": "Home"}
    names |= {
        "up": "↑",
        "down": "↓",
        "left": "←",
        "right": "→",
        "end": "End",
        "f1": "F1",
        "slash": "/",
        "space": "Space",
    }
    sign = names.get(plain) or key_to_character(plain) or plain
    return {"shift": "⇧", "ctrl": "^"}.get(modifier, "") + sign

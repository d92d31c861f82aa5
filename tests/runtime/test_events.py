"""Events are whole lines, and a tail gives each one once."""

from __future__ import annotations

from pathlib import Path

from runtime.events import EventTail, EventWriter


def test_a_tail_sees_each_event_once_and_waits_for_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "r" / "events.jsonl"
    writer, tail = EventWriter(path), EventTail(path)
    assert list(tail.read()) == []
    writer.emit("note", "train:t", text="hello\nworld")
    writer.emit("progress", "train:t", done=1, total=2, unit="steps")
    assert [event.kind for event in tail.read()] == ["note", "progress"]
    assert list(tail.read()) == []
    with path.open("a") as handle:
        handle.write('{"kind": "note", "at": 1, "step"')
        handle.flush()
        assert list(tail.read()) == []
        handle.write(': null, "text": "late"}\n')
    assert [event.data["text"] for event in tail.read()] == ["late"]
    writer.close()


def test_a_broken_line_does_not_stop_the_tail(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('garbage\n{"kind": "note", "at": 1, "step": null}\n')
    assert [event.kind for event in EventTail(path).read()] == ["note"]


def test_listeners_of_the_process_hear_the_same_events(tmp_path: Path) -> None:
    heard = []
    writer = EventWriter(tmp_path / "e.jsonl", [heard.append])
    writer.emit("note", None, text="x")
    writer.close()
    (read,) = EventTail(tmp_path / "e.jsonl").read()
    (told,) = heard
    assert (told.kind, told.step, told.data) == (read.kind, read.step, read.data) == ("note", None, {"text": "x"})
    assert abs(told.at - read.at) < 0.001  # the file keeps milliseconds

"""Sessions make room and end; the queue is bounded, works one request at a time and leaves out stale ones."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bench.editor.sessions import EditorSessions, QueueFull, SessionGone, Superseded, WorkQueue


def test_the_session_that_is_idle_longest_makes_room() -> None:
    sessions = EditorSessions(most=2)
    first, second = sessions.create(), sessions.create()
    sessions.get(first.id)

    third = sessions.create()

    assert [sessions.get(one.id) for one in (first, third)] == [first, third]
    with pytest.raises(SessionGone):
        sessions.get(second.id)


def test_idle_sessions_end_and_others_live_on() -> None:
    now = [0.0]
    sessions = EditorSessions(idle_seconds=10, clock=lambda: now[0])
    idle, busy = sessions.create(), sessions.create()
    now[0] = 8
    sessions.get(busy.id)
    now[0] = 15

    assert sessions.get(busy.id) is busy
    with pytest.raises(SessionGone):
        sessions.get(idle.id)
    assert len(sessions) == 1


def test_ids_cannot_be_guessed() -> None:
    sessions = EditorSessions(most=64)
    ids = {sessions.create().id for _ in range(64)}

    assert len(ids) == 64
    assert min(map(len, ids)) >= 22  # 128 bits in base64
    with pytest.raises(SessionGone):
        sessions.get("")


def test_newer_work_of_a_session_replaces_what_has_not_begun() -> None:
    done: list[str] = []

    async def run() -> list[object]:
        queue, sessions = WorkQueue(), EditorSessions()
        mine, other = sessions.create(), sessions.create()
        begun, go_on = threading.Event(), threading.Event()

        def first() -> str:
            begun.set()
            go_on.wait(60)
            return work("first")

        def work(name: str) -> str:
            done.append(name)
            return name

        tasks = [asyncio.create_task(queue.run(mine, "fill", first))]
        await asyncio.to_thread(begun.wait, 60)
        asked = [
            (mine, "fill", "stale"),
            (other, "fill", "other"),
            (mine, "replay", "replay"),
            (mine, "fill", "newest"),
        ]
        for session, kind, name in asked:
            tasks.append(asyncio.create_task(queue.run(session, kind, lambda name=name: work(name))))  # type: ignore[misc]
            await asyncio.sleep(0)
        go_on.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        queue.close()
        return list(results)

    results = asyncio.run(run())

    assert isinstance(results[1], Superseded)
    assert done == ["first", "other", "replay", "newest"]
    assert [results[0], *results[2:]] == done


def test_a_full_queue_takes_nothing_until_there_is_room() -> None:
    async def run() -> None:
        queue, sessions = WorkQueue(most=2), EditorSessions()
        go_on = threading.Event()
        tasks = [asyncio.create_task(queue.run(sessions.create(), "fill", lambda: go_on.wait(60))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await queue.run(sessions.create(), "fill", lambda: True)
        go_on.set()
        assert await asyncio.gather(*tasks) == [True, True]
        assert await queue.run(sessions.create(), "fill", lambda: "again") == "again"
        queue.close()

    asyncio.run(run())


def test_work_that_raises_gives_its_error_and_the_queue_goes_on() -> None:
    async def run() -> None:
        queue, session = WorkQueue(most=1), EditorSessions().create()
        with pytest.raises(ZeroDivisionError):
            await queue.run(session, "fill", lambda: 1 / 0)
        assert await queue.run(session, "fill", lambda: 1) == 1
        queue.close()

    asyncio.run(run())

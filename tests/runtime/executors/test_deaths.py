from __future__ import annotations

from collections import deque

from bench.runtime.executors.deaths import DeathsInARow


def test_gives_up_after_deaths_in_a_row_alone() -> None:
    deaths, given_up = DeathsInARow(2), []
    for _ in range(15):
        deaths.add("SIGKILL")
    given_up.append(deaths.too_many)
    deaths.add("SIGSEGV at picture 7")

    given_up.append(deaths.too_many)
    assert deaths.reason == "16 workers in a row that died without an item done, the last one of SIGSEGV at picture 7"
    deaths.allow_one()
    given_up.append(deaths.too_many)
    deaths.add("SIGKILL")
    given_up.append(deaths.too_many)
    deaths.forget()
    deaths.add("SIGKILL")
    given_up.append(deaths.too_many)
    assert given_up == [False, True, False, True, False]


def test_one_machine_with_all_workers_is_no_reason() -> None:
    deaths = DeathsInARow(64)
    for _ in range(2 * 64):
        deaths.add("the death of its machine")
    assert not deaths.too_many


def test_goes_on_elsewhere_after_a_death() -> None:
    deaths, waiting = DeathsInARow(1), deque(range(100))
    taken = [deaths.take(waiting)]
    for _ in range(8):
        deaths.add("SIGKILL")
        taken.append(deaths.take(waiting))

    assert taken == [0, 50, 25, 75, 13, 63, 38, 88, 6]
    deaths.forget()
    assert deaths.take(waiting) == 1
    assert deaths.take(deque([7])) == 7

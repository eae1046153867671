"""Actors in virtual time, of which exactly one goes on at any moment: who that is, only the seed decides.

Each actor is a thread that stops wherever it could meet the others (before and after its transactions, before its
reads, while it waits) and hands over itself. What it does in between takes a moment of virtual time or none, and time
passes when nobody can go on. Nothing here sleeps or looks at a real clock.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

EPOCH = datetime(2026, 1, 29, tzinfo=UTC)
MOST_SECONDS = 600.0
MOST_STEPS = 30_000
SLOW_S = 0.2
"""How long anything may take between two meetings with the others; half of it takes no time at all."""


class Killed(BaseException):
    """The process of an actor is no more: nothing of it is executed any longer."""


class Violation(AssertionError):
    """What must hold does not."""


class Actor:
    """One process on the stage."""

    def __init__(self, stage: Stage, name: str, body: Callable[[Actor], None]) -> None:
        self.name = name
        self.stage = stage
        self.wake_at = stage.now
        self.stopped_until = 0.0
        self.killed = False
        self.turn = threading.Lock()
        self.turn.acquire()
        self._body = body
        self.thread = threading.Thread(target=self._perform, name=name, daemon=True)
        self.thread.start()

    @property
    def ready(self) -> bool:
        """Whether it can go on now; one that was killed has to leave the stage."""
        return self.killed or max(self.wake_at, self.stopped_until) <= self.stage.now

    def pause(self, seconds: float = 0.0) -> None:
        """Let the others go on; this one does so after ``seconds``, or when it is woken."""
        if self.killed:
            raise Killed
        self.wake_at = self.stage.now + (seconds or self.stage.slowness())
        self.stage.hand_over(self)
        if self.killed:
            raise Killed

    def wake(self) -> None:
        """Something arrived for it."""
        self.wake_at = min(self.wake_at, self.stage.now)

    def _perform(self) -> None:
        self.turn.acquire()
        try:
            if not self.killed:
                self._body(self)
        except Killed:
            pass
        except BaseException as error:
            self.stage.fail(error)
        self.stage.leave(self)

    # --- its clock ------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.stage.now)

    def monotonic(self) -> float:
        return self.stage.now

    def sleep(self, seconds: float) -> None:
        self.pause(seconds)


class Stage:
    """The actors, what is to happen when, and the one who decides."""

    def __init__(self, random: Random, disturb: Callable[[], None]) -> None:
        self.random = random
        self.now = 0.0
        self.steps = self.switches = 0
        self.error: BaseException | None = None
        self.actors: list[Actor] = []
        self._disturb = disturb
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self.turn = threading.Lock()
        self.turn.acquire()

    def at(self, delay: float, what: Callable[[], None]) -> None:
        """Have something happen in ``delay`` seconds."""
        self._count += 1
        heapq.heappush(self._events, (self.now + delay, self._count, what))

    def enter(self, name: str, body: Callable[[Actor], None]) -> Actor:
        """One more actor."""
        self.actors.append(Actor(self, name, body))
        return self.actors[-1]

    def play(self) -> None:
        """Until nothing can happen any more; raises what went wrong first."""
        actors = list(self.actors)
        following = self._following()
        if following is not None:
            following.turn.release()
            self.turn.acquire()
        for actor in actors:
            actor.thread.join()
        if self.error is not None:
            raise self.error

    def fail(self, error: BaseException) -> None:
        """The play is over: everybody leaves."""
        self.error = self.error or error
        for actor in self.actors:
            actor.killed = True

    def hand_over(self, me: Actor) -> None:
        """Whoever is next goes on."""
        following = self._following()
        if following is me:
            return
        self.switches += 1
        (following or self).turn.release()
        me.turn.acquire()

    def leave(self, me: Actor) -> None:
        """This one is done."""
        self.actors.remove(me)
        (self._following() or self).turn.release()

    def slowness(self) -> float:
        """How long somebody took for what they just did."""
        return max(0.0, self.random.random() - 0.5) * 2 * SLOW_S

    def _following(self) -> Actor | None:
        """Who goes on: any of those who can. None when it is over."""
        try:
            while self.error is None:
                self._disturb()
                ready = [actor for actor in self.actors if actor.ready]
                if ready:
                    self._count_step()
                    return ready[int(self.random.random() * len(ready))]
                if not self._events and not self.actors:
                    return None
                self._let_time_pass()
        except Exception as error:
            self.fail(error)
        return self.actors[0] if self.actors else None

    def _count_step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS or self.now > MOST_SECONDS:
            names = ", ".join(actor.name for actor in self.actors)
            raise Violation(f"no end after {self.steps} steps and {self.now:.0f} s: {names}")

    def _let_time_pass(self) -> None:
        """To the next moment at which something happens."""
        waits = [max(a.wake_at, a.stopped_until) for a in self.actors if not a.killed]
        times = [at for at in (*waits, *(e[0] for e in self._events[:1])) if at > self.now]
        if times:
            self.now = min(times)
        while self._events and self._events[0][0] <= self.now:
            heapq.heappop(self._events)[2]()

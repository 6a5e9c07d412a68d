"""Many simulations at once, of each of which nothing but a few numbers is to be told.

A survey has sights, which say where simulations begin and when they are looked at, and candidates, the parameters that
are tried from there. Simulations go together where they can (`together`); one of each group is then run alone as well,
and if it comes to anything else, nothing goes together any more in this process.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .commands import Command
from .errors import GsimError
from .looking import Looks, Watch
from .program import Program
from .together import FEWEST, Lane, run_all


class Surveys:
    """The surveys of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._latest: tuple[bytes, list[Any]] = b"", []
        self._disappointments = 0
        """How many groups in a row have mostly had to go alone."""
        self._pause = 0.0
        """How many groups now go alone without being asked."""

    def run(self, request: Mapping[str, Any]) -> tuple[bytes, dict[int, BaseException]]:
        """The numbers of all simulations, sight by sight and in it candidate by candidate; and the errors of some.

        In the request are `watches` and `slack`, as `Looks` takes them; `body`, a JSON list of candidates, often the
        same as before; and `sights`: arguments, stdin, seed, times, and which candidates.
        """
        survey = _Survey(self.program, request, self._settled(request["body"]))
        for group in survey.groups():
            alone = group
            if self._pause:
                self._pause -= 1
            elif len(group) >= FEWEST:
                alone = survey.run_together(group)
                self._note(len(alone), len(group), survey.is_wrong)
            if survey.is_wrong:
                # Nor is to be believed what has gone well so far.
                survey.run_alone(survey.all)
                break
            survey.run_alone(alone)
        return b"".join(survey.told), survey.errors

    def _settled(self, text: bytes) -> list[Any]:
        """The parameters of each candidate, or the error in their place."""
        if self._latest[0] != text:
            self._latest = text, [_tried(self.program.settle_parameters, one) for one in json.loads(text)]
        return self._latest[1]

    def _note(self, alone: int, count: int, is_wrong: bool) -> None:
        """Ask less and less often where it is in vain, and never again where it went wrong."""
        self._disappointments = self._disappointments + 1 if alone * 2 > count else 0
        if is_wrong:
            self._pause = math.inf
        elif self._disappointments:
            self._pause = 2.0**self._disappointments - 1


class _Beginning(NamedTuple):
    """What all simulations of a sight share."""

    commands: list[Command]
    times: tuple[float, ...]


class _Survey:
    """One request."""

    def __init__(self, program: Program, request: Mapping[str, Any], candidates: Sequence[Any]) -> None:
        self.told: list[bytes] = []
        """The numbers of each simulation, by its own number; nan as long as it has not been run."""
        self.errors: dict[int, BaseException] = {}
        self.is_wrong = False
        """Whether a simulation has come to something else in company."""
        self._program = program
        self._watches = [Watch(*one) for one in request["watches"]]
        self._slack: float = request["slack"]
        self._lanes: dict[int, Lane] = {}
        self._beginnings: dict[int, _Beginning] = {}
        self._by_key: dict[Any, list[int]] = {}
        for sight in request["sights"]:
            self._add(candidates, *sight)

    def groups(self) -> Iterator[list[int]]:
        """The simulations, by number; those that might go together are in one group."""
        yield from self._by_key.values()

    @property
    def all(self) -> list[int]:
        """All simulations that can be run, by number."""
        return [*self._lanes]

    def run_together(self, group: list[int]) -> list[int]:
        """Simulate those that can go together; the others are returned."""
        lanes = [self._lanes[number] for number in group]
        commands = self._beginnings[group[0]].commands

        def done(some: Sequence[int], sink: Looks) -> bool:
            found = sink.each(len(some))
            # Whose turn it is to be checked is as good as drawn by lot.
            checked = lanes[some[0]].seed % len(some)
            number = group[some[checked]]
            self.is_wrong |= not self._is_confirmed(number, found[checked])
            for place, numbers in zip(some, found, strict=True):
                self.told[group[place]] = numbers
            return not self.is_wrong

        alone = run_all(self._program, lanes, commands, lambda: self._looks(group[0]), done)
        return group if self.is_wrong else [group[place] for place in sorted(alone)]

    def run_alone(self, numbers: list[int]) -> None:
        """Simulate one after the other."""
        for number in numbers:
            try:
                self.told[number] = self._alone(number)
            except BaseException as error:  # noqa: BLE001  (any code at all may stand in a simulator)
                self.told[number] = self._nothing(self._beginnings[number].times)
                self.errors[number] = error

    def _is_confirmed(self, number: int, found: bytes) -> bool:
        """Whether a simulation comes to the same alone."""
        try:
            return self._alone(number) == found
        except BaseException:  # noqa: BLE001  (as above)
            return False

    def _add(
        self,
        candidates: Sequence[Any],
        arguments: Mapping[str, Any],
        stdin: str,
        seed: int,
        times: Sequence[float],
        chosen: Sequence[int],
    ) -> None:
        first, nothing = len(self.told), self._nothing(times)
        self.told += [nothing] * len(chosen)
        values = _tried(self._program.settle, arguments)
        commands = _tried(self._program.commands, stdin, values) if type(values) is dict else []
        wrong = next((one for one in (values, commands) if isinstance(one, Exception)), None)
        if wrong:
            self.errors |= dict.fromkeys(range(first, first + len(chosen)), wrong)
            return
        seed, beginning = values.get("seed", seed), _Beginning(commands, tuple(times))
        horizon = values[self._program.contract["horizon"]["argument"]]
        company = self._by_key.setdefault((stdin, horizon, *times), [])
        for number, candidate in enumerate(chosen, first):
            parameters = candidates[candidate]
            if isinstance(parameters, Exception):
                self.errors[number] = parameters
            else:
                self._lanes[number] = Lane(values | parameters, seed)
                self._beginnings[number] = beginning
                company.append(number)

    def _alone(self, number: int) -> bytes:
        lane, looks = self._lanes[number], self._looks(number)
        self._program.simulate(lane.settings, self._beginnings[number].commands, lane.seed, 0, looks.write)
        return looks.each(1)[0]

    def _looks(self, number: int) -> Looks:
        times = self._beginnings[number].times
        return Looks(self._watches, times, self._slack, self._program.ticks_per_unit)

    def _nothing(self, times: Sequence[float]) -> bytes:
        return array("d", [math.nan]).tobytes() * (len(times) * len(self._watches))


def _tried(settle: Any, *given: Any) -> Any:
    """What has been settled, or why it cannot be."""
    try:
        return settle(*given)
    except GsimError as error:
        return error

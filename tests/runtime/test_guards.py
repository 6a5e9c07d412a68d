"""What a wrong model or a wrong call is answered with: one error that names the component and what to do."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest
import xdevs.models
from xdevs.models import Port

from gsim_devs.runtime import Atomic, Coupled, Input, Kernel, ModelError, Output, SimulationError, UsageError
from tests.runtime.probes import Classic, Probe, System, records, simulate


def refusal(model: xdevs.models.Component) -> str:
    """What is said of a model that cannot be built."""
    with pytest.raises(ModelError) as caught:
        Kernel(model)
    assert all("\n" not in defect for defect in caught.value.defects)
    return str(caught.value)


def failure(model: xdevs.models.Component, until: float = 10) -> SimulationError:
    """How a simulation fails."""
    with pytest.raises(SimulationError) as caught:
        simulate(model, until)
    return caught.value


def at_one(deed: Any) -> dict[str, Any]:
    """Do something at time 1."""
    return {"start": lambda me: me.after(1, me.on_tick), "on_tick": deed}


# While it runs


def on_tick(deed: Any, cause: str) -> tuple[dict[str, Any], tuple[float, str], str]:
    """What goes wrong in a timer at time 1."""
    return at_one(deed), (1, "on_tick()"), cause


WRONG: dict[str, tuple[dict[str, Any], tuple[float, str], str]] = {
    "start": ({"start": lambda me: 1 / 0}, (0, "start"), "ZeroDivisionError: division by zero"),
    "a timer": on_tick(lambda me: {}["key"], "KeyError: 'key'"),
    "a timer with arguments": (
        {"start": lambda me: me.after(1, me.on_tick, 5), "on_tick": lambda me: 1 / 0},
        (1, "on_tick(5)"),
        "ZeroDivisionError",
    ),
    "a later round": (
        {**at_one(lambda me: me.after(0, me.on_tock)), "on_tock": lambda me: 1 / 0},
        (1, "on_tock()"),
        "ZeroDivisionError",
    ),
    "sys.exit": on_tick(lambda me: sys.exit(3), "SystemExit: 3"),
    "endless recursion": on_tick(lambda me: me.deeds["on_tick"](me), "RecursionError"),
    "a negative delay": on_tick(lambda me: me.after(-2, me.on_tick), "the delay is negative: -2"),
    "a delay that is no number": on_tick(lambda me: me.after(math.nan, me.on_tick), "not a number"),
    "a time in the past": on_tick(
        lambda me: me.at(0.5, me.on_tick), "time 0.5 is in the past; it is 1.0 now"
    ),
    "an order too high": on_tick(lambda me: me.after(1, me.on_tick, order=1 << 16), "order 65536 is outside"),
    "a timer for others": on_tick(lambda me: me.after(0, print), "a method of its own component"),
    "a message of the wrong type": on_tick(lambda me: me.send(me.x, "text"), "x carries int, not str"),
    "arguments that do not fit": (at_one(lambda me: me.after(0, me.on_a)), (1, "on_a()"), "TypeError"),
}


@pytest.mark.parametrize(("deeds", "when", "cause"), WRONG.values(), ids=WRONG)
def test_an_error_names_component_time_and_event(
    deeds: dict[str, Any], when: tuple[float, str], cause: str
) -> None:
    model = System(first=Probe(), hall=System(p=Probe(**deeds)))

    error = failure(model)

    assert (error.component, error.time, error.event) == ("hall.p", *when)
    assert cause in error.cause
    assert str(error).startswith(f"hall.p failed at time {error.time} in {error.event}: ")


@pytest.mark.parametrize("also", [False, True], ids=["alone", "among others"])
@pytest.mark.parametrize("event", ["on_a", "on_b"])
def test_an_error_in_an_input_handler_names_the_receiver_and_the_message(event: str, also: bool) -> None:
    sender = Probe(**at_one(lambda me: (me.send(me.x, 7), me.send(me.y, 8)) if also else me.send(me.x, 7)))
    model = System(
        f"s.x > p.{event[-1]}", "s.y > q.a", s=sender, q=Probe(), p=Probe(**{event: lambda me: 1 / 0})
    )

    error = failure(model)

    assert (error.component, error.time, error.event) == ("p", 1, f"{event}(7)")


class Hasty(Atomic):
    """Its timer gives its handler nothing."""

    def start(self) -> None:
        self.after(1, self.on_tick)

    def on_tick(self, number: int) -> None:
        """Is never reached."""


@pytest.mark.parametrize("others", [0, 1])
def test_a_timer_whose_handler_takes_other_arguments_is_shown_where_that_stands(others: int) -> None:
    model = System(p=Hasty(), **{f"q{number}": Probe(**at_one(lambda me: None)) for number in range(others)})

    error = failure(model)

    line = Hasty.on_tick.__code__.co_firstlineno
    assert error.cause.startswith("TypeError: Hasty.on_tick() missing 1 required positional argument")
    assert error.cause.endswith(f" (test_guards.py, line {line}: def on_tick(self, number: int) -> None:)")


class Broken(Classic):
    """A classic component in which one method fails."""

    def __init__(self, method: str, *delays: float) -> None:
        super().__init__(*delays)
        setattr(self, method, self._fail)

    def _fail(self, *_: Any) -> None:
        raise LookupError("lost")


@pytest.mark.parametrize(
    ("method", "time", "event"),
    [
        ("initialize", 0, "start"),
        ("lambdaf", 1, "its output function"),
        ("deltint", 1, "its transition"),
        ("deltcon", 1, "its transition"),
        ("deltext", 0.5, "its transition"),
        ("exit", 10, "stop"),
    ],
)
def test_an_error_in_a_classic_component_names_it(method: str, time: float, event: str) -> None:
    def start(me: Any) -> None:
        if method == "deltext":
            me.after(0.5, me.on_tick)
        if method == "deltcon":
            me.after(1, me.on_tick)

    sender = Probe(start=start, on_tick=lambda me: me.send(me.x, 7))
    kernel = Kernel(System("s.x > hall.a", s=sender, hall=System("a > c.a", c=Broken(method, 1))))

    def run() -> None:
        kernel.run(10)
        kernel.finish()

    with pytest.raises(SimulationError, match="LookupError: lost") as caught:
        run()

    assert (caught.value.component, caught.value.time, caught.value.event) == ("hall.c", time, event)


@pytest.mark.parametrize("together", [False, True], ids=["alone", "with others in the round"])
@pytest.mark.parametrize("advance", [-1.0, math.nan, -math.inf])
def test_a_wrong_time_advance_is_refused(advance: float, together: bool) -> None:
    error = failure(System(other=Classic(1 if together else 9), c=Classic(1, advance)))

    assert (error.component, error.time, error.event) == ("c", 1, "its transition")
    assert "negative" in error.cause or "not a number" in error.cause


@pytest.mark.parametrize("advance", [-1.0, math.nan])
def test_a_wrong_first_time_advance_is_refused(advance: float) -> None:
    error = failure(System(c=Classic(advance)))

    assert (error.component, error.time, error.event) == ("c", 0, "start")


def test_a_wrong_time_advance_after_a_message_is_refused() -> None:
    class Confused(Classic):
        def deltext(self, e: float) -> None:
            self.sigma = math.nan

    error = failure(System("s.x > c.a", s=Probe(**at_one(lambda me: me.send(me.x, 7))), c=Confused(5)))

    assert (error.component, error.time, error.event) == ("c", 1, "its transition")


def test_an_error_in_stop_names_the_component_and_the_horizon() -> None:
    kernel = Kernel(System(p=Probe(), q=Probe(stop=lambda me: 1 / 0)))
    kernel.run(7)

    with pytest.raises(SimulationError, match="ZeroDivisionError") as caught:
        kernel.finish()

    assert (caught.value.component, caught.value.time, caught.value.event) == ("q", 7, "stop")


@pytest.mark.parametrize(
    "deeds",
    [
        {"on_tick": lambda me: me.after(0, me.on_tick)},
        {"on_tick": lambda me: me.after(0.1e-9, me.on_tick)},
        {"on_tick": lambda me: me.at(me.now, me.on_tick, order=2)},
    ],
    ids=["no delay", "less than a tick", "at one order"],
)
def test_a_loop_without_delay_is_stopped(deeds: dict[str, Any]) -> None:
    kernel = Kernel(
        System(idle=Probe(), p=Probe(start=lambda me: me.after(1, me.on_tick), **deeds)), max_rounds=1000
    )
    seen = records(kernel)

    with pytest.raises(SimulationError, match="1000 rounds have passed and time has not") as caught:
        kernel.run(2)

    assert caught.value.time == 1
    # The first round at a tick may count or not.
    assert len(seen) in {1000, 1001}


def test_a_loop_of_one_component_names_it() -> None:
    timer = Probe(start=lambda me: me.after(1, me.on_tick), on_tick=lambda me: me.after(0, me.on_tick))
    kernel = Kernel(System(idle=Probe(), p=timer), max_rounds=1000)

    with pytest.raises(SimulationError, match="1000 rounds") as caught:
        kernel.run(2)

    assert caught.value.component == "p"


def test_a_loop_of_classic_components_is_stopped() -> None:
    class Echo(Classic):
        def deltext(self, e: float) -> None:
            self.activate()

    model = System("one.x > two.a", "two.x > one.a", one=Echo(1), two=Echo())
    kernel = Kernel(model, max_rounds=1000)

    with pytest.raises(SimulationError, match="1000 rounds") as caught:
        kernel.run()

    assert caught.value.component in {"one", "two"}
    assert caught.value.time == 1


def test_as_many_rounds_as_allowed_are_no_loop() -> None:
    def again(me: Any) -> None:
        me.left = getattr(me, "left", 100) - 1
        me.after(0 if me.left % 50 else 1, me.on_tick)

    kernel = Kernel(System(p=Probe(start=lambda me: me.after(1, me.on_tick), on_tick=again)), max_rounds=50)

    kernel.run(5.5)

    assert kernel.time == 5.5


def test_an_untyped_port_is_watched_where_it_enters_a_typed_one() -> None:
    class Loose(Classic):
        def __init__(self) -> None:
            super().__init__(1)
            self.any: Port[Any] = Port(None, "any")
            self.add_out_port(self.any)

        def lambdaf(self) -> None:
            self.any.add("text")

    class Mixed(Coupled):
        def __init__(self) -> None:
            loose = self.add("loose", Loose())
            probe = self.add("p", Probe())
            self.connect(loose.any, probe.a)

    error = failure(Mixed())

    assert (error.component, error.time, error.event) == ("p", 1, "on_a('text')")
    assert "a takes int, not str" in error.cause


def test_an_int_may_stand_for_a_float_and_a_subclass_for_its_class() -> None:
    class Level(Atomic):
        level = Input(float)
        out = Output(float)

        def start(self) -> None:
            self.send(self.out, 1)
            self.send(self.out, True)

        def on_level(self, level: float) -> None:
            self.emit("level", level=level)

    class Two(Coupled):
        def __init__(self) -> None:
            one, two = self.add("one", Level()), self.add("two", Level())
            probe = self.add("probe", Probe(start=lambda me: me.send(me.x, 3)))
            self.connect(one.out, two.level)
            self.connect(probe.x, two.level)

    assert [record[3] for record in simulate(Two()) if record[1] == "two"] == [1, True, 3]


# When it is asked for something


def test_an_unknown_port_is_answered_with_those_that_exist() -> None:
    kernel = Kernel(System(p=Probe()))

    with pytest.raises(UsageError, match="System has no input port 'c'; its input ports: a, b"):
        kernel.inject("c", 1)
    with pytest.raises(UsageError, match="Classic has no input port 'c'; its input ports: a"):
        Kernel(Classic()).inject("c", 1)


@pytest.mark.parametrize(
    ("message", "time", "order", "why"),
    [
        ("text", 1, 0, "input port a takes int, not str"),
        (1, 0.5, 0, "cannot inject into a: time 0.5 is in the past"),
        (1, -1, 0, "negative"),
        (1, math.nan, 0, "not a number"),
        (1, math.inf, 0, "infinite"),
        (1, 2, -1, "order -1 is outside"),
        (1, None, 1 << 16, "order 65536 is outside"),
    ],
)
def test_an_injection_that_cannot_be_is_refused(message: Any, time: Any, order: int, why: str) -> None:
    kernel = Kernel(System("a > p.a", p=Probe()))
    seen = records(kernel)
    kernel.run(1)

    with pytest.raises(UsageError, match=why):
        kernel.inject("a", message, time, order)

    kernel.run(5)
    assert not seen


# When it is built


def test_two_parts_of_one_name_are_refused() -> None:
    class Twins(Coupled):
        def __init__(self) -> None:
            self.add("one", Probe())
            self.add("one", Probe())

    assert refusal(System(hall=Twins())) == "hall has two parts called 'one'"
    assert refusal(Twins()) == "Twins has two parts called 'one'"


@pytest.mark.parametrize("name", ["", "a.b"])
def test_a_name_that_would_spoil_a_path_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="cannot name a part"):
        System().add(name, Probe())


def test_a_component_in_two_places_is_refused() -> None:
    shared = Probe()

    assert refusal(System(p=shared, hall=System(p=shared))) == (
        "hall.p is the same component as p; make another one"
    )


def test_a_component_inside_itself_is_refused() -> None:
    model = System()
    model.add("inner", model)

    assert "is the same component as the model" in refusal(model)


class NoHandler(Atomic):
    """Has an input port and nobody who listens."""

    ack = Input(int)


class NoArgument(NoHandler):
    """Listens to nothing."""

    def on_ack(self) -> None: ...


class TwoArguments(NoHandler):
    """Wants to hear too much."""

    def on_ack(self, ack: int, when: float) -> None: ...


class NoFunction(NoHandler):
    """Has a field where the handler should be."""

    on_ack = 5


class Waits(NoHandler):
    """Written as if it were a process."""

    def on_ack(self, ack: int) -> Any:
        yield ack


class Awaits(NoHandler):
    """Written as if it were a coroutine."""

    def on_ack(self, ack: int) -> None: ...

    async def on_late(self) -> None: ...


class TwoStyles(NoHandler):
    """Handlers and transition functions."""

    def on_ack(self, ack: int) -> None: ...

    def deltint(self) -> None: ...


class Overwrites(NoHandler):
    """Uses the name of a port for a field."""

    def __init__(self) -> None:
        self.ack = []  # type: ignore[assignment]

    def on_ack(self, ack: int) -> None: ...


class Early(Atomic):
    """Does in __init__ what has to wait."""

    out = Output(int)

    def __init__(self, deed: str) -> None:
        {
            "timer": lambda: self.after(1, self.on_late),
            "send": lambda: self.send(self.out, 1),
            "rng": lambda: self.rng,
            "emit": lambda: self.emit("early"),
        }[deed]()

    def on_late(self) -> None: ...


REFUSED: list[tuple[Any, str]] = [
    (NoHandler, "p: ack has no handler; write a method on_ack(self, message) in NoHandler"),
    (NoArgument, "p: on_ack must take exactly one argument besides self, the message"),
    (TwoArguments, "p: on_ack must take exactly one argument besides self, the message"),
    (NoFunction, "p: on_ack must take exactly one argument besides self, the message"),
    (Waits, "p: on_ack waits (yield or await) and would never run; set a timer instead"),
    (Awaits, "p: on_late waits (yield or await) and would never run; set a timer instead"),
    (TwoStyles, "p: TwoStyles defines deltint; a component with handlers and timers must not"),
    (Overwrites, "p: Overwrites overwrites its port ack; give the field another name"),
    (lambda: Early("timer"), "p: Early sets a timer or sends in __init__; do it in start, at time 0"),
    (lambda: Early("send"), "p: Early sets a timer or sends in __init__; do it in start, at time 0"),
    (
        lambda: Early("rng"),
        "p: Early draws random numbers in __init__; do it in start, where its stream is known",
    ),
]


@pytest.mark.parametrize(("make", "defect"), REFUSED)
def test_a_component_that_does_not_keep_what_it_says_is_refused(make: Any, defect: str) -> None:
    assert refusal(System(p=make())) == defect


def test_every_defect_is_told() -> None:
    assert len(refusal(System(p=NoHandler(), q=TwoStyles(), r=Early("send"))).split("\n")) == 3


def test_a_component_that_reports_before_time_begins_is_refused() -> None:
    assert "emits in __init__; do it in start, at time 0" in refusal(System(p=Early("emit")))


@pytest.mark.parametrize("name", ["name", "input", "send", "now", "deltint", "sigma", "start"])
def test_a_port_that_hides_what_every_component_has_is_refused(name: str) -> None:
    component = type("Hiding", (Atomic,), {name: Input(int), f"on_{name}": lambda self, message: None})
    for declaration in vars(component).values():
        if isinstance(declaration, Input):
            declaration.name = name

    with pytest.raises(
        ModelError, match=f"Hiding declares a port '{name}', which every component has already"
    ):
        component()


def test_a_port_of_what_is_no_class_is_refused() -> None:
    with pytest.raises(ModelError, match=r"a port carries messages of one class, not list\[int\]"):
        Input(list[int])  # type: ignore[arg-type]


def test_a_coupling_of_different_types_is_refused() -> None:
    class Text(Atomic):
        text = Output(str)

    class Wrong(Coupled):
        def __init__(self) -> None:
            self.connect(self.add("t", Text()).text, self.add("p", Probe()).a)

    with pytest.raises(ModelError, match=r"Wrong: t\.text carries str, but p\.a takes int"):
        Wrong()


def test_a_coupling_of_different_types_made_by_xdevs_is_refused() -> None:
    class Text(Atomic):
        text = Output(str)

    class Wrong(xdevs.models.Coupled):
        def __init__(self) -> None:
            super().__init__("wrong")
            text, probe = Text(), Probe()
            self.add_component(text)
            self.add_component(probe)
            self.add_coupling(text.text, probe.a)

    assert refusal(Wrong()) == "wrong: the coupling Text.text → Probe.a leads str into a port for int"


def test_different_types_that_meet_by_way_of_a_port_for_anything_are_refused() -> None:
    class Text(Atomic):
        text = Output(str)

    class Hall(Coupled):
        out = Output()

        def __init__(self) -> None:
            self.connect(self.add("t", Text()).text, self.out)

    class Wrong(Coupled):
        def __init__(self) -> None:
            self.connect(self.add("hall", Hall()).out, self.add("p", Probe()).a)

    assert refusal(Wrong()) == "p: a takes int, but t.text leads str into it"


def test_only_ports_can_be_connected() -> None:
    system = System(p=Probe(), q=Probe())

    with pytest.raises(ModelError, match="only ports can be connected, not 'p.x'"):
        system.connect("p.x", system.components[1].in_ports[0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "coupling",
    ["q.a > p.a", "p.x > q.x", "x > p.a", "p.x > a"],
    ids=["from an input", "into an output", "from the own output", "into the own input"],
)
def test_a_coupling_against_the_grain_is_refused(coupling: str) -> None:
    source, target = (end if "." in end else f"System.{end}" for end in coupling.split(" > "))

    told = refusal(System(coupling, p=Probe(), q=Probe()))

    assert told == (
        f"System: the coupling {source} → {target} goes the wrong way or joins a port that its component does not have"
    )


def test_a_coupling_of_strangers_is_refused() -> None:
    system, stranger = System(p=Probe()), Probe()

    with pytest.raises(ModelError, match="both must belong to this component or to a part of it"):
        system.connect(stranger.x, system.components[0].in_ports[0])


@pytest.mark.parametrize("kind", ["atomic", "coupled"])
def test_a_component_that_feeds_itself_at_once_is_refused(kind: str) -> None:
    part: Any = Probe() if kind == "atomic" else System("p.x > x", "a > p.a", p=Probe())

    told = refusal(System("part.x > part.a", part=part))

    assert "part.x → part.a feeds a component its own output in the same instant; keep it inside" in told


@pytest.mark.parametrize(
    "make", [Probe, lambda: System(p=Probe()), lambda: System(c=Classic(1), d=Classic())]
)
def test_a_model_in_another_kernel_is_refused(make: Any) -> None:
    model = make()
    Kernel(model)

    assert "already runs in another kernel; build a new model for each" in refusal(model)


@pytest.mark.parametrize("port", ["own input", "output of another"])
def test_only_own_outputs_can_be_sent_through(port: str) -> None:
    stranger = Probe()
    sender = Probe(**at_one(lambda me: me.send(me.a if port == "own input" else stranger.x, 1)))

    error = failure(System(p=sender, q=stranger))

    assert (error.component, error.event) == ("p", "on_tick()")
    assert "is no output port of p" in error.cause


def test_an_order_is_a_whole_number() -> None:
    error = failure(System(p=Probe(**at_one(lambda me: me.after(1, me.on_tock, order=1.0)))))

    assert (error.component, error.time, error.event) == ("p", 1, "on_tick()")


@pytest.mark.parametrize("handler", [lambda me: None, None, "on_tick", Probe.on_tick])
def test_a_timer_calls_a_method_of_its_own_component(handler: Any) -> None:
    error = failure(System(p=Probe(**at_one(lambda me: me.after(1, handler)))))

    assert "a timer calls a method of its own component" in error.cause


def test_a_timer_in_stop_is_refused() -> None:
    kernel = Kernel(System(p=Probe(stop=lambda me: me.after(0, me.on_tick))))
    kernel.run(1)

    with pytest.raises(SimulationError, match="in stop"):
        kernel.finish()


@pytest.mark.parametrize(
    "deed",
    [
        lambda me: me.hold_in("busy", 1),
        lambda me: me.activate(),
        lambda me: me.passivate(),
        lambda me: me.continuef(1),
    ],
)
def test_the_verbs_of_classic_components_are_refused(deed: Any) -> None:
    assert "after" in failure(System(p=Probe(**at_one(deed)))).cause


def test_a_handler_whose_name_begins_another_is_another() -> None:
    class Short(Atomic):
        def start(self) -> None:
            self.after(1, self.tick)
            self.after(1, self.t, 1)
            self.cancel(self.t)

        def t(self, number: int) -> None: ...

        def tick(self) -> None:
            self.emit("tick")

    assert simulate(System(p=Short())) == [(1, "p", "tick")]


def test_a_simulation_ends_once() -> None:
    kernel = Kernel(System(p=Probe(stop=lambda me: me.emit("stop"))))
    seen = records(kernel)
    kernel.run(1)

    kernel.finish()
    kernel.finish()

    assert seen == [(1, "p", "stop")]


@pytest.mark.parametrize("event", ["start", "on_tick"])
@pytest.mark.parametrize("go_on", [Kernel.run, Kernel.step, Kernel.fork, Kernel.snapshot, Kernel.finish])
def test_a_simulation_that_has_failed_does_not_go_on(event, go_on):
    def fail(me):
        raise ValueError("no")

    deeds = {"start": lambda me: me.after(1, me.on_tick)} | {event: fail}
    kernel = Kernel(System(p=Probe(**deeds)))
    with pytest.raises(SimulationError):
        kernel.run()

    with pytest.raises(UsageError, match="the simulation has failed; build a new kernel"):
        go_on(kernel)

"""The sender of the alternating bit protocol: one packet at a time, repeated until it is acknowledged."""

from __future__ import annotations

from messages import Frame
from runtime import Atomic, Input, Output


class Sender(Atomic):
    """Prepares, sends, waits; prepares again when the timer expires."""

    packet_out = Output(Frame)
    ack_in = Input(Frame)

    def __init__(self, total_packets: int, timeout: float, sender_delay: float) -> None:
        self.total_packets = total_packets
        self.timeout = timeout
        self.sender_delay = sender_delay
        self.current = 1
        self.was_sent = False

    def start(self) -> None:
        self._prepare()

    def on_prepared(self) -> None:
        self.emit("packet_sent", seq_num=self.current, bit=self._bit(), is_retry=self.was_sent)
        self.send(self.packet_out, Frame(bit=self._bit(), seq_num=self.current))
        self.was_sent = True
        self.after(self.timeout, self.on_timeout)

    def on_timeout(self) -> None:
        self._prepare()

    def on_ack_in(self, ack: Frame) -> None:
        # After the last packet `current` lies beyond it and is never sent, so nothing is valid any more.
        is_valid = self.was_sent and ack.bit == self._bit()
        self.emit("ack_received", ack_bit=ack.bit, is_valid=is_valid)
        if is_valid:
            self._go_on()

    def _go_on(self) -> None:
        self.cancel(self.on_timeout)
        self.cancel(self.on_prepared)
        self.current += 1
        self.was_sent = False
        if self.current <= self.total_packets:
            self._prepare()

    def _prepare(self) -> None:
        self.emit("delay_start", type="preparation", duration=self.sender_delay)
        self.after(self.sender_delay, self.on_prepared, order=3)

    def _bit(self) -> int:
        return (self.current - 1) % 2

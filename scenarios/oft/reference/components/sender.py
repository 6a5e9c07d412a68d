"""The sender of the offline file transfer: uploads one packet at a time, each after a preparation."""

from __future__ import annotations

from messages import Control, Frame
from runtime import Atomic, Input, Output


class Sender(Atomic):
    """Prepares, sends, waits for the acknowledgement; idle while no packets remain."""

    control_in = Input(Control)
    ack_in = Input(Frame)
    packet_out = Output(Frame)

    def __init__(self, preparation_time: float, timeout: float) -> None:
        self.preparation_time = preparation_time
        self.timeout = timeout
        self.seq = 0  # the packet under way; while idle, the last one
        self.remaining_packets = 0
        self.is_idle = True
        self.is_outstanding = False

    def on_control_in(self, control: Control) -> None:
        self.remaining_packets += control.added
        self.emit("control_cmd", added=control.added, total_remaining=self.remaining_packets)
        if self.is_idle:
            self._go_on()

    def on_prepared(self) -> None:
        self._send(is_retry=False)

    def on_timeout(self) -> None:
        self.emit("timeout", seq=self.seq)
        self._send(is_retry=True)

    def on_ack_in(self, ack: Frame) -> None:
        self.emit("ack_received", bit=ack.bit)
        if self.is_outstanding and ack.bit == self._bit():
            self.cancel(self.on_timeout)
            self.is_outstanding = False
            self.remaining_packets -= 1
            self._go_on()

    def _go_on(self) -> None:
        self.is_idle = self.remaining_packets == 0
        if not self.is_idle:
            self.seq += 1
            self.emit("preparation_started", duration=self.preparation_time)
            self.after(self.preparation_time, self.on_prepared)

    def _send(self, is_retry: bool) -> None:
        self.emit("packet_sent", seq=self.seq, bit=self._bit(), is_retry=is_retry)
        self.send(self.packet_out, Frame(bit=self._bit(), seq=self.seq))
        self.is_outstanding = True
        self.after(self.timeout, self.on_timeout)

    def _bit(self) -> int:
        return (self.seq - 1) % 2

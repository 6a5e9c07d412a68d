"""Where packets leave the server of the offline file transfer, from the storage line."""

from __future__ import annotations

from collections import deque

from messages import Frame, Request
from runtime import Atomic, Input, Output


class Egress(Atomic):
    """Forwards stored packets one at a time, while that is permitted."""

    request_in = Input(Request)
    stored_in = Input(Frame)
    ack_in = Input(Frame)
    packet_out = Output(Frame)

    def __init__(self) -> None:
        self.stored: deque[Frame] = deque()
        self.bit = 0
        self.is_allowed = False
        self.is_awaiting = False

    def on_request_in(self, request: Request) -> None:
        self.is_allowed = request.allowed
        self.emit("download_valve_change", allowed=self.is_allowed)
        self._decide_last()

    def on_stored_in(self, packet: Frame) -> None:
        self.stored.append(packet)
        self._decide_last()

    def on_ack_in(self, ack: Frame) -> None:
        self.emit("ack_received_from_receiver", bit=ack.bit)
        if self.is_awaiting and ack.bit == self.bit:
            self.is_awaiting = False
            self.bit = 1 - self.bit
            self._decide_last()

    def on_decision(self) -> None:
        if self.is_allowed and self.stored and not self.is_awaiting:
            packet = self.stored.popleft()
            self.is_awaiting = True
            self.emit("packet_forwarded", seq=packet.seq, bit=self.bit)
            self.send(self.packet_out, Frame(bit=self.bit, seq=packet.seq))

    def _decide_last(self) -> None:
        # Commands of this instant have order 1.
        self.after(0, self.on_decision, order=2)

"""The receiver of the alternating bit protocol: one packet in process, one waiting."""

from __future__ import annotations

from messages import Frame
from runtime import Atomic, Input, Output


class Receiver(Atomic):
    """Processes and acknowledges packets; discards what finds the waiting place taken."""

    packet_in = Input(Frame)
    ack_out = Output(Frame)

    def __init__(self, receiver_delay: float) -> None:
        self.receiver_delay = receiver_delay
        self.in_process: Frame | None = None
        self.waiting: Frame | None = None

    def on_packet_in(self, packet: Frame) -> None:
        if self.in_process is None:
            self._process(packet)
        elif self.waiting is None:
            self.waiting = packet

    def on_processed(self, packet: Frame) -> None:
        self.emit("packet_received", seq_num=packet.seq_num, bit=packet.bit)
        self.send(self.ack_out, Frame(bit=packet.bit, seq_num=None))
        self.in_process = None
        if self.waiting is not None:
            waiting, self.waiting = self.waiting, None
            self._process(waiting)

    def _process(self, packet: Frame) -> None:
        self.in_process = packet
        self.emit("delay_start", type="processing", duration=self.receiver_delay)
        self.after(self.receiver_delay, self.on_processed, packet, order=1)

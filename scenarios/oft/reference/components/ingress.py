"""Where packets enter the server of the offline file transfer."""

from __future__ import annotations

from messages import Frame
from runtime import Atomic, Input, Output


class Ingress(Atomic):
    """Acknowledges every packet; stores those with the bit that it expects."""

    packet_in = Input(Frame)
    ack_out = Output(Frame)
    stored_out = Output(Frame)

    def __init__(self, processing_time: float) -> None:
        self.processing_time = processing_time
        self.expected_bit = 0

    def on_packet_in(self, packet: Frame) -> None:
        self.emit("packet_received", seq=packet.seq, bit=packet.bit)
        self.after(self.processing_time, self.on_processed, packet)

    def on_processed(self, packet: Frame) -> None:
        if packet.bit == self.expected_bit:
            self.send(self.stored_out, packet)
            self.expected_bit = 1 - self.expected_bit
        previous_bit = 1 - self.expected_bit
        self.emit("ack_sent_to_sender", bit=previous_bit)
        self.send(self.ack_out, Frame(bit=previous_bit, seq=None))

"""The receiver of the offline file transfer: works on what has been downloaded."""

from __future__ import annotations

from messages import Frame
from runtime import Atomic, Input, Output


class Receiver(Atomic):
    """Works on each packet, then acknowledges it."""

    packet_in = Input(Frame)
    ack_out = Output(Frame)

    def __init__(self, processing_time: float) -> None:
        self.processing_time = processing_time

    def on_packet_in(self, packet: Frame) -> None:
        self.emit("processing_started", seq=packet.seq, duration=self.processing_time)
        self.after(self.processing_time, self.on_processed, packet)

    def on_processed(self, packet: Frame) -> None:
        self.emit("ack_sent", bit=packet.bit)
        self.send(self.ack_out, Frame(bit=packet.bit, seq=None))

"""Discrete-event simulators from a specification in plain language: planned, written, checked, calibrated.

Each room below is imported by its own name; this package imports none of them, so that a start is cheap.
"""

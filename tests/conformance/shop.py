"""A small system whose simulators can be spoilt in every way: customers are served at 10, 20, 30."""

CONTRACT = """
id: shop
title: a shop
time: {unit: s}
horizon: {argument: duration}
arguments:
  interval: {type: number, default: 10.0}
  duration: {type: number, default: 30.0}
  mode: {type: text, default: sound}
events:
  - {entity: server, event: served, payload: {customer: {type: integer, minimum: 1}}}
  - {entity: door, event: closed, payload: {}}
"""
CASES = """
system: shop
cases:
  - {id: shop-01, level: smoke, timeout: 20}
  - {id: shop-02, level: normal, arguments: {mode: other, duration: 20.0}, timeout: 20, expect: {records: 2}}
"""
RULES = """
system: shop
rules:
  - {id: numbered, clause: a, level: component, kind: sequence, on: server.served, value: customer, equals: index + 1}
  - {id: positive, clause: b, level: component, kind: invariant, on: server.served, expect: customer > 0}
  - {id: in-time, clause: c, level: system, kind: invariant, on: server.served, expect: time == 10 * customer}
"""
# Its customers come as they should; `customer` and `time` can be spoilt, `mode` is the argument.
SIMULATOR = """
import json, sys
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
mode = options.get("--mode", "sound")
end = float(options.get("--duration", 30))
seed = options.get("--seed")
{before}
k = 1
while k * 10 <= end:
    time, customer = float(k * 10), k
    {spoil}
    line = {{"time": time, "entity": "server", "event": "served", "payload": {{"customer": customer}}}}
    print(json.dumps(line))
    k += 1
{after}
"""

"""The accounts of the shop."""

from __future__ import annotations

from messages import Stock
from runtime import Atomic, Input


class Accounts(Atomic):
    """Works out what each update costs."""

    stock_in = Input(Stock)

    def __init__(self, holding_cost: float, backlog_cost: float) -> None:
        self.holding_cost = holding_cost
        self.backlog_cost = backlog_cost

    def on_stock_in(self, stock: Stock) -> None:
        self.emit(
            "costs",
            holding=self.holding_cost * stock.inventory,
            backlog=self.backlog_cost * stock.backlog,
        )

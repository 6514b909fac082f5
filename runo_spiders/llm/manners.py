"""Which parameters an endpoint and model take: learned from refusals, then kept."""

from __future__ import annotations

from typing import Any

Parameters = dict[str, Any]


class Manners:
    """What one model takes; `budget_name` is what its limit on output tokens is called at first."""

    def __init__(self, budget_name: str) -> None:
        self._budget_name = budget_name
        self._renamed = False
        self._temperature = True

    def parameters(self, budget: int) -> Parameters:
        chosen: Parameters = {self._budget_name: budget}
        return {**chosen, "temperature": 0} if self._temperature else chosen

    def heed(self, parameter: str | None, sent: Parameters) -> bool:
        """Learn from the refusal of a parameter; whether a request would now differ from the one `sent`."""
        if parameter == "temperature":
            self._temperature = False
        elif parameter == self._budget_name and not self._renamed:
            self._renamed = True
            self._budget_name = (
                "max_tokens" if parameter == "max_completion_tokens" else "max_completion_tokens"
            )
        return parameter is not None and self.parameters(0).keys() != sent.keys()

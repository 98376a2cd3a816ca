"""The commands of a running gateway on what it knows beside its configuration: passes, budgets, orders."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from schoolguard.node.budget_commands import BudgetCommands
from schoolguard.node.commands import Command, Taking
from schoolguard.node.facts import Facts
from schoolguard.node.in_force import InForce
from schoolguard.node.order_commands import OrderCommands
from schoolguard.node.ordering import Ordering
from schoolguard.node.pass_commands import PassCommands
from schoolguard.node.transferring import Transferring


def commands_of(
    facts: Facts,
    in_force: InForce,
    ordering: Ordering,
    transferring: Transferring,
    apply_passes: Callable[[], Awaitable[None]],
) -> dict[str, Command | Taking]:
    """Return the commands by name; ``apply_passes`` puts the passes in force in every worker."""
    passes = PassCommands(
        facts.book, lambda: in_force.settings, in_force.names_of_services, apply_passes, time.time
    )
    budgets = BudgetCommands(facts.usage, in_force.groups, in_force.group_of)
    orders = OrderCommands(ordering.book, ordering.clock, lambda: ordering.served, lambda: ordering.checks)
    own = {"budget-show": Taking(budgets.show), **transferring.commands()}
    return {**passes.commands(), **orders.commands(), **own}

"""Who is asking and what they may open: groups, plans, the order of decision. Pure: no I/O, no clock."""

"""The query log, off by default: which pseudonymous device asked for what, for a reason, for some days.

It must not hold an address or a MAC. ``QueryLog`` runs in the control process, ``Recorder`` in a worker.
"""

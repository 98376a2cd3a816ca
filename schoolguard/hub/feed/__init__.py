"""The receiver of schools' summaries on the publisher: enrolled, verified, stored once, shown as JSON.

It must not know lists, orders or a device.
"""

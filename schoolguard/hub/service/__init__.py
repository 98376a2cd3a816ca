"""The publisher as one process: its settings, and how repository, pushes, layers, receipts and server fit.

What is signed, judged or compiled is decided in the other parts; here they are only put together.
"""

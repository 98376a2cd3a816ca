"""Receipts of gateways on the publisher: verified, stored, reported. It must not know lists or answer
queries.
"""

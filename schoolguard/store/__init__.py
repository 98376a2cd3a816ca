"""What a gateway counted, kept in SQLite: one writer, numbered migrations. It must not hold a client or a
name asked.
"""

"""Policy zones by zone transfer, as a secondary (RFC 5936, 1995, 1996, 8945).

It must not read what a zone asks for: that is the lists' part.
"""

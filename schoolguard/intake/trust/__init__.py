"""The gateway's client of a signed repository (The Update Framework): what may be believed, and fetching it.

Nothing here decides what a list or an order means, or installs it: a caller gets the verified names,
lengths and digests of every target, and files that have them. A mirror, a proxy or a USB stick is never
believed; only the keys are, and those lead back to the one root that was pinned or whose fingerprint the
installer typed.
"""

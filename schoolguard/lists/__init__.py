"""Lists of names: formats, compilation, snapshots. No network, no clock; does not know policy."""

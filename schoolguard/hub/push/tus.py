"""What both sides of an upload call tus 1.0 by; nothing else, so that a partner's command loads little."""

from __future__ import annotations

TUS = "1.0.0"
CHUNK_TYPE = "application/offset+octet-stream"

"""Uploads and receipts on disk: what survives a kill at any byte. It must not judge or speak HTTP.

    PARTNER/SHA256/upload.json   length, offset so far, times; replaced by one rename
    PARTNER/SHA256/body          the bytes; those after the offset never came
    PARTNER/SHA256/receipt.json  the judgement; then the body goes

An upload is named by the digest of its whole content, so that a partner who lost everything but the file
finds its upload again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from schoolguard.lists.archive import sync_folder, write_synced

UNFINISHED_AGE = 86_400.0
"""Seconds after which an upload that nobody goes on with is forgotten."""
RECEIPTS = 200
"""Receipts kept for each partner."""

_PUSH = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: the SHA-256 and length it will have, the bytes that are here, times in Unix seconds."""

    partner: str
    push: str
    length: int
    offset: int
    began: float
    touched: float

    @property
    def complete(self) -> bool:
        """Whether all bytes are here."""
        return self.offset == self.length


class Spool:
    """The folder of one publisher; one process at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, partner: str, push: str, length: int, now: float) -> Upload:
        """Return the upload of this content, a new one when there is none; raises ``OSError``."""
        found = self.find(partner, push)
        if found is not None and found.length == length:
            return found
        folder = self._folder(partner, push)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "body").touch()
        upload = Upload(partner, push, length, 0, now, now)
        self._note(upload)
        sync_folder(folder.parent)
        return upload

    def find(self, partner: str, push: str) -> Upload | None:
        """Return an upload, None when there is none or it cannot be read."""
        try:
            members = json.loads((self._folder(partner, push) / "upload.json").read_bytes())
            return Upload(**members)
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def append(self, upload: Upload, content: bytes, now: float) -> Upload:
        """Write the next bytes, synced before the offset moves; raises ``OSError`` and then nothing moved."""
        with (self._folder(upload.partner, upload.push) / "body").open("r+b") as body:
            body.seek(upload.offset)
            body.write(content)
            body.truncate()
            body.flush()
            os.fsync(body.fileno())
        after = replace(upload, offset=upload.offset + len(content), touched=now)
        self._note(after)
        return after

    def is_whole(self, upload: Upload) -> bool:
        """Return whether the bytes that came are those that were announced."""
        with self.body(upload).open("rb") as body:
            return hashlib.file_digest(body, "sha256").hexdigest() == upload.push

    def body(self, upload: Upload) -> Path:
        """Return where the bytes stand."""
        return self._folder(upload.partner, upload.push) / "body"

    def unpacked(self, upload: Upload) -> Path:
        """Return the folder for the files of a push."""
        return self._folder(upload.partner, upload.push) / "files"

    def drop(self, upload: Upload) -> None:
        """Forget an upload."""
        shutil.rmtree(self._folder(upload.partner, upload.push))

    def settle(self, upload: Upload, receipt: bytes) -> None:
        """Keep the receipt and let the bytes go; old receipts go too."""
        folder = self._folder(upload.partner, upload.push)
        write_synced(folder / "receipt.json", receipt)
        for name in ("upload.json", "body"):
            (folder / name).unlink(missing_ok=True)
        if (folder / "files").is_dir():
            shutil.rmtree(folder / "files")
        kept = sorted(folder.parent.glob("*/receipt.json"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-RECEIPTS]:
            shutil.rmtree(path.parent)

    def receipt(self, partner: str, push: str) -> bytes | None:
        """Return the receipt of a push, None when it is not judged."""
        try:
            return (self._folder(partner, push) / "receipt.json").read_bytes()
        except FileNotFoundError:
            return None

    def uploads(self, partner: str | None = None) -> Iterator[Upload]:
        """Yield the uploads that are not judged yet."""
        for path in sorted(self.folder.glob(f"{partner or '*'}/*/upload.json")):
            found = self.find(path.parts[-3], path.parts[-2]) if _PUSH.match(path.parts[-2]) else None
            if found is not None:
                yield found

    def clear(self, now: float) -> None:
        """Forget what nobody goes on with, and finish what a kill interrupted."""
        for upload in list(self.uploads()):
            receipt = self.receipt(upload.partner, upload.push)
            if receipt is not None:
                self.settle(upload, receipt)
            elif not upload.complete and now - upload.touched > UNFINISHED_AGE:
                self.drop(upload)

    def _folder(self, partner: str, push: str) -> Path:
        return self.folder / partner / push

    def _note(self, upload: Upload) -> None:
        content = json.dumps(asdict(upload), sort_keys=True).encode()
        write_synced(self._folder(upload.partner, upload.push) / "upload.json", content)

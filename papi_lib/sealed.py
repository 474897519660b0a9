"""Parquet files that tell if a bit of them changed: checksums of pages, and a digest of the whole file in its foot."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pandas as pd

_MARK, _BLANK = b"papi-sha256:", b"0" * 64


def parquet(frame: pd.DataFrame) -> bytes:
    """Return a frame, without its index, as a sealed Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    table, file = pa.Table.from_pandas(frame, preserve_index=False), io.BytesIO()
    with parquet.ParquetWriter(file, table.schema, write_page_checksum=True) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"papi": (_MARK + _BLANK).decode()})
    begin, mark, end = file.getvalue().rpartition(_MARK)
    digest = hashlib.sha256(begin + mark + end).hexdigest().encode()
    return begin + mark + digest + end[len(_BLANK) :]


def is_broken(path: Path) -> bool:
    """Tell whether a file that was sealed is no longer what was written; a file without a seal is not."""
    begin, mark, end = path.read_bytes().rpartition(_MARK)
    seal, rest = end[: len(_BLANK)], end[len(_BLANK) :]
    return bool(mark) and hashlib.sha256(begin + mark + _BLANK + rest).hexdigest().encode() != seal

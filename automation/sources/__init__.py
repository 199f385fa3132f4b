"""Bytes and headers in, events out: one file per sender. Nothing here waits."""

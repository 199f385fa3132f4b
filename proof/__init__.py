"""The proof that every matching rule leaves exactly one effect, whatever crashes: `make proof`.

Losses and doubles are counted from the emulator's pages and request log, never from our own tables.
"""

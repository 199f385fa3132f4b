"""Notion's wire format without the wire. Pure: builds requests and reads replies, sends nothing."""

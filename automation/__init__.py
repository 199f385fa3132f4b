"""Signed webhooks and schedule ticks in, rules from TOML files, Notion writes out."""

"""A local Notion, for tests and for a first look without a token. It shares no code with the rest."""

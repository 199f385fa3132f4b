"""Rules and events in, plans out. Pure: no clock, no files, no await."""

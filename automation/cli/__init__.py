"""The command line: verbs. Results on stdout, talk on stderr."""

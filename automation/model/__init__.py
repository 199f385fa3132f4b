"""The words of the service: frozen values, sum types and errors. No clock, no files, no await."""

"""What the service does a second, beside a bare skeleton measured in the same run: `make bench`."""

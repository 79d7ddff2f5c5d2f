"""What `make` calls: install, embedded servers, the supervisor of `make run`, the gate of `make test`."""

"""The queue page: what it shows, to whom, and what its forms do without JavaScript."""

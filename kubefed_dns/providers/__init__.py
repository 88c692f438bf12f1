"""DNS backends and what each must promise."""

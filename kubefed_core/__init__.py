"""The propagation core: clusters, caches, controllers; it knows nothing of DNS."""

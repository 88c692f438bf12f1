"""Controllers of DNS: member state to record, record to endpoints, endpoints to provider."""

"""Pure rules without I/O: events, domains, periods, measures, identities, errors."""

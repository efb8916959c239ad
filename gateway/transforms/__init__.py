"""Pure functions: EBM to domain, domain to flist, results to EBM. No I/O."""

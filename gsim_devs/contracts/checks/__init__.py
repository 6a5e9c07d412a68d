"""Whether what is declared agrees with itself and with everything else. Each check is one small function."""

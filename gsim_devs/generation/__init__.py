"""Have components written by a language model and examine what it wrote. Plans nothing, assembles nothing."""

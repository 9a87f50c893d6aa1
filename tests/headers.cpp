// Compiled for its headers alone.

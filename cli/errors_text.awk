# docs/errors.md as C++: {"E001", R"text(...)text"}, ... A raw text ends before a line that ends a section.
/^## E[0-9]+/ {
  if (open) print ")text\"},"
  printf "{\"%s\", R\"text(", $2
  open = 1
}
open { print }
END { if (open) print ")text\"}," }

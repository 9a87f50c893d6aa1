# A file as a text of C++.
BEGIN { printf "R\"text(" }
{ print }
END { print ")text\"" }

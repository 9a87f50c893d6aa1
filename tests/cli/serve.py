"""A small server of files, with ranges:  serve.py FOLDER [cut] [whole]

Prints its port. With `cut` the first answer of each file breaks off in its middle; with `whole` ranges are passed
over, as some servers do. Writes each request to FOLDER/requests: a path and its range.
"""
import http.server
import os
import sys

folder, modes = sys.argv[1], sys.argv[2:]
cut = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.path.join(folder, os.path.basename(self.path))
        asked = self.headers.get("Range", "")
        with open(os.path.join(folder, "requests"), "a") as log:
            log.write(f"{self.path} {asked}\n")
        if not os.path.isfile(path):
            return self.send_error(404)
        with open(path, "rb") as file:
            content = file.read()
        first = 0
        if asked and "whole" not in modes:
            first = int(asked.removeprefix("bytes=").rstrip("-"))
            if first >= len(content):
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        rest = content[first:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if "cut" in modes and path not in cut:
            cut.add(path)
            rest = rest[: len(rest) // 2]
        self.wfile.write(rest)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()

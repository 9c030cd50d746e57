"""A long answer in three responses, the second of which breaks off after a
checkpoint.  The response depends only on the token in the request."""

import http.server
import json


def event(text, token=None, reason=None):
    candidate = {"content": {"parts": [{"text": text}]}}
    if token:
        candidate["continuationToken"] = token
    if reason:
        candidate["finishReason"] = reason
    body = {"candidates": [candidate], "usageMetadata": {"totalTokenCount": 7}}
    return "data: " + json.dumps(body) + "\r\n\r\n"


RESPONSES = {
    None: event("For") + event("ty", "T1", "CONTINUATION"),
    "T1": event("-", "T2") + event("lost"),  # and no finish reason
    "T2": event("two.", None, "STOP"),
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = RESPONSES[body.get("continuationToken")].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()

#!/usr/bin/env python3
"""nginx over TLS as a reverse proxy, on a port of the loopback.

    nginx.py FOLDER CERTIFICATE KEY UPSTREAM_PORT [DIRECTIVE...]

The directives, without semicolons, go into the server block; "http2" means HTTP/2
on the listener.  Prints its port.  FOLDER/access.log has a line for each request:
number of the connection, protocol, status, number of open connections.
"""
import os
import socket
import sys

CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    log_format line '$connection $server_protocol $status $connections_active';
    access_log {folder}/access.log line;
    client_body_temp_path {folder}/tmp;
    proxy_temp_path {folder}/tmp;
    fastcgi_temp_path {folder}/tmp;
    uwsgi_temp_path {folder}/tmp;
    scgi_temp_path {folder}/tmp;
    server {{
        listen 127.0.0.1:{port} ssl{http2};
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        {directives}
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_buffering off;
        }}
    }}
}}
"""
PLACES = "/usr/sbin", "/usr/local/sbin", "/usr/bin"


def main():
    folder, certificate, key, upstream, *directives = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = listener.getsockname()[1]
    os.makedirs(folder + "/tmp")
    path = folder + "/nginx.conf"
    with open(path, "w") as f:
        f.write(CONFIG.format(
            folder=folder, port=port, upstream=upstream, key=key,
            certificate=certificate,
            http2=" http2" if "http2" in directives else "",
            directives="".join(d + "; " for d in directives if d != "http2")))
    print(port, flush=True)
    # It takes over the socket as from an nginx before it, so that the port is
    # free and requests that come early wait.
    os.set_inheritable(listener.fileno(), True)
    os.environ["NGINX"] = "%d;" % listener.fileno()
    os.environ["PATH"] = os.pathsep.join((os.environ["PATH"], *PLACES))
    os.execvp("nginx", ["nginx", "-p", folder, "-c", path,
                        "-e", folder + "/error.log"])


if __name__ == "__main__":
    main()

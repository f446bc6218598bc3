/** A two-way line of text frames. It reports its fate and never reconnects by itself. */
export interface Transport {
  connect(line: Line): Connection;
}

export interface Line {
  opened(): void;
  received(text: string): void;
  closed(): void;
}

export interface Connection {
  send(text: string): void;
  close(): void;
}

/** Websocket to the server's event stream. */
export function websocketTransport(url: () => string): Transport {
  return {
    connect(line) {
      const socket = new WebSocket(url());
      let over = false;
      const end = (): void => {
        if (over) return;
        over = true;
        line.closed();
      };
      socket.onopen = () => line.opened();
      socket.onmessage = (message) => line.received(String(message.data));
      socket.onclose = end;
      socket.onerror = () => socket.close();
      return {
        send: (text) => socket.send(text),
        close: () => {
          over = true;
          socket.close();
        },
      };
    },
  };
}

export function eventsUrl(base: string): string {
  const url = new URL(`${base}api/events`, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

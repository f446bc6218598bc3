import type { AnyCommand, AnyEvent, AnyReply } from "../protocol";
import type { Line, Transport } from "./transport";

/** The server's end of a line that exists in memory only: for tests and previews. */
export interface MemoryServer extends Transport {
  /** Commands received so far, oldest first. */
  readonly commands: AnyCommand[];
  /** Is called with every command; may `send` back. */
  onCommand: (command: AnyCommand) => void;
  send(...messages: (AnyEvent | AnyReply)[]): void;
  /** Opens the line for the newest `connect`; done by itself unless `manual`. */
  open(): void;
  /** Breaks the line, as a lost network does. */
  drop(): void;
}

export function memoryServer({ manual = false }: { manual?: boolean } = {}): MemoryServer {
  let line: Line | null = null;
  const server: MemoryServer = {
    commands: [],
    onCommand: () => {},
    connect(next) {
      line = next;
      if (!manual) queueMicrotask(() => server.open());
      return {
        send: (text) => {
          const command = JSON.parse(text) as AnyCommand;
          server.commands.push(command);
          server.onCommand(command);
        },
        close: () => {
          line = null;
        },
      };
    },
    send(...messages) {
      line?.received(JSON.stringify(messages.length === 1 ? messages[0] : messages));
    },
    open: () => line?.opened(),
    drop: () => {
      const broken = line;
      line = null;
      broken?.closed();
    },
  };
  return server;
}

import { createStore, type StoreApi } from "zustand/vanilla";
import type { AnyCommand, AnyEvent, AnyReply, CommandName } from "../protocol";
import { ApiError } from "./errors";
import type { Connection, Transport } from "./transport";

export interface ConnectionState {
  phase: "connecting" | "online" | "offline";
  /** Commands that wait for an answer or for the line. */
  unsent: number;
  /** How often connecting has failed since the last success. */
  failures: number;
}

/** From where a listener wants the events of its pipeline. */
export interface Position {
  after: number | null;
  epoch: string;
}

export interface Listener {
  /** Events of one frame together, in order. */
  received(events: AnyEvent[]): void;
  /** Asked at every (re)connection. */
  position(): Position;
  /** The server does not open this pipeline: there is none of that name, or it cannot be read. */
  refused?(error: ApiError): void;
}

/** One line to the server, shared by all open sessions; reconnects and resumes by itself. */
export interface Client {
  readonly connection: StoreApi<ConnectionState>;
  /** Sends a command; gives its result, or throws `ApiError` when it is refused. */
  request<T = unknown>(command: AnyCommand): Promise<T>;
  /** As `request`, and tells the number that events caused by it will carry. */
  send<T = unknown>(command: AnyCommand): { req: string; result: Promise<T> };
  /** Receives the events of a pipeline ("": the project) until the returned function is called. */
  listen(pipeline: string, listener: Listener): () => void;
  /** Asks for a fresh snapshot, e.g. after a gap in the numbers. */
  reopen(pipeline: string): void;
  /** Tries to connect now instead of at the next attempt. */
  retryNow(): void;
  close(): void;
}

interface Pending {
  command: AnyCommand;
  sent: boolean;
  resolve(result: unknown): void;
  reject(error: ApiError): void;
}

/** Safe to say twice: when the line broke before the answer they are said again. */
const REPEATABLE: ReadonlySet<CommandName> = new Set<CommandName>([
  "open-session",
  "close-session",
  "save-source",
  "set-parameters",
  "configure-block",
  "configure-pipeline",
  "complete",
  "inspect",
  "format-source",
]);

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 8000;

export function createClient(transport: Transport): Client {
  const connection = createStore<ConnectionState>(() => ({
    phase: "connecting",
    unsent: 0,
    failures: 0,
  }));
  const pending = new Map<string, Pending>();
  /** Pipelines whose opening was asked for, by the number of the command. */
  const opening = new Map<string, string>();
  const listeners = new Map<string, Set<Listener>>();
  const prefix = randomPrefix();
  let counter = 0;
  let line: Connection | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  const nextReq = (): string => {
    counter += 1;
    return `${prefix}${counter}`;
  };
  const online = (): boolean => connection.getState().phase === "online";
  const count = (): void => connection.setState({ unsent: pending.size });

  const transmit = (entry: Pending): void => {
    entry.sent = true;
    line?.send(JSON.stringify(entry.command));
  };

  const openSession = (pipeline: string, fresh = false): void => {
    if (!online()) return;
    const first = listeners.get(pipeline)?.values().next().value;
    if (first === undefined) return;
    const { after, epoch } = fresh ? { after: null, epoch: "" } : first.position();
    const req = nextReq();
    opening.set(req, pipeline);
    line?.send(JSON.stringify({ op: "open-session", pipeline, after, epoch, req }));
  };

  const connect = (): void => {
    clearTimeout(timer);
    timer = undefined;
    line = transport.connect({ opened, received, closed: lost });
  };

  const opened = (): void => {
    connection.setState({ phase: "online", failures: 0 });
    for (const pipeline of listeners.keys()) openSession(pipeline);
    for (const entry of [...pending.values()]) transmit(entry);
  };

  const lost = (): void => {
    if (closed) return;
    line = null;
    opening.clear();
    const failures = connection.getState().failures + 1;
    connection.setState({ phase: "offline", failures });
    for (const [req, entry] of [...pending]) {
      if (!entry.sent || REPEATABLE.has(entry.command.op)) continue;
      pending.delete(req);
      entry.reject(new ApiError(UNKNOWN_FATE));
    }
    count();
    timer = setTimeout(connect, Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS));
  };

  const received = (text: string): void => {
    const parsed = JSON.parse(text) as AnyEvent | AnyReply | (AnyEvent | AnyReply)[];
    const batches = new Map<string, AnyEvent[]>();
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
      if (message.op === "accepted" || message.op === "refused") {
        settle(message);
        continue;
      }
      const batch = batches.get(message.pipeline);
      if (batch === undefined) batches.set(message.pipeline, [message]);
      else batch.push(message);
    }
    for (const [pipeline, events] of batches) {
      for (const listener of [...(listeners.get(pipeline) ?? [])]) listener.received(events);
    }
  };

  const settle = (reply: AnyReply): void => {
    const pipeline = opening.get(reply.req);
    if (pipeline !== undefined) {
      opening.delete(reply.req);
      if (reply.op === "accepted") return;
      for (const listener of [...(listeners.get(pipeline) ?? [])]) {
        listener.refused?.(new ApiError(reply.error));
      }
      return;
    }
    const entry = pending.get(reply.req);
    if (entry === undefined) return;
    pending.delete(reply.req);
    count();
    if (reply.op === "accepted") entry.resolve(reply.result);
    else entry.reject(new ApiError(reply.error));
  };

  const send = <T>(command: AnyCommand): { req: string; result: Promise<T> } => {
    const req = nextReq();
    const result = new Promise<T>((resolve, reject) => {
      const entry: Pending = {
        command: { ...command, req },
        sent: false,
        resolve: (value) => resolve(value as T),
        reject,
      };
      pending.set(req, entry);
      if (online()) transmit(entry);
    });
    count();
    return { req, result };
  };

  connect();
  return {
    connection,
    send,
    request: (command) => send<never>(command).result,
    listen(pipeline, listener) {
      const set = listeners.get(pipeline) ?? new Set();
      listeners.set(pipeline, set.add(listener));
      openSession(pipeline, set.size > 1);
      return () => {
        set.delete(listener);
        if (set.size > 0 || listeners.get(pipeline) !== set) return;
        listeners.delete(pipeline);
        if (online()) line?.send(JSON.stringify({ op: "close-session", pipeline }));
      };
    },
    reopen: (pipeline) => openSession(pipeline, true),
    retryNow: () => {
      if (connection.getState().phase === "offline") connect();
    },
    close() {
      closed = true;
      clearTimeout(timer);
      line?.close();
    },
  };
}

const UNKNOWN_FATE = {
  code: "connection-lost",
  message: "The connection broke before the answer: look whether it was done, then try again.",
  details: {},
};

/** Numbers of this page load: events name their cause, and other windows have other prefixes. */
function randomPrefix(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return `${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}-`;
}

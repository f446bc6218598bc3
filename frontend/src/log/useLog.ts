import { useEffect, useState } from "react";
import type { AnyEvent, LogAppended } from "../protocol";
import { useApi, useServer } from "../session";
import { type Chunk, Terminal } from "../ui";

/** So many of a log's last bytes are looked at; no page shows more lines than they hold. */
const TAIL_BYTES = 512 * 1024;
const REREAD_MS = 1000;

export interface Log {
  chunks: readonly Chunk[];
  /** Bytes of the log before the first that was read. */
  before: number;
  bytes: number;
  isRead: boolean;
  progress: [number, number | null] | null;
}

const NO_LOG: Log = { chunks: [], before: 0, bytes: 0, isRead: false, progress: null };

export interface LogPlace {
  pipeline: string;
  run: string;
  block: string;
  attempt: number;
}

/** The log of one attempt: its end is fetched, then continued by the pipeline's events while it is live. */
export function useLog({ pipeline, run, block, attempt }: LogPlace, live: boolean): Log {
  const api = useApi();
  const { client } = useServer();
  const [log, setLog] = useState<Log>(NO_LOG);

  useEffect(() => {
    const abort = new AbortController();
    let text = new LogTextBuilder();
    let waiting: LogAppended[] | null = [];
    // What was written between the answer and the first event is in neither.
    let joining = true;
    let frame = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let readAt = Number.NEGATIVE_INFINITY;

    const show = (): void => {
      frame = 0;
      setLog((before) => ({ ...before, ...text.shown(), isRead: true }));
    };
    const soon = (): void => {
      if (frame === 0) frame = requestAnimationFrame(show);
    };
    const read = async (): Promise<void> => {
      readAt = performance.now();
      waiting ??= [];
      const path = `runs/${run}/blocks/${block}/log`;
      const query = { attempt, tail: TAIL_BYTES };
      const fresh = new LogTextBuilder();
      try {
        const answer = await api.response(path, { query, signal: abort.signal });
        const start = Number(answer.headers.get("X-Log-Start") ?? 0);
        fresh.begin(start, new Uint8Array(await answer.arrayBuffer()));
      } catch {
        // A block that has not started has no log yet.
      }
      if (abort.signal.aborted) return;
      text = fresh;
      const meanwhile = waiting ?? [];
      waiting = null;
      soon();
      if (!meanwhile.every(take)) readAgain();
    };
    const take = (event: LogAppended): boolean => {
      const isMissing = joining && !text.reaches(event.offset);
      joining = false;
      return !isMissing && text.add(event.offset, event.text);
    };
    const readAgain = (): void => {
      if (waiting !== null) return;
      waiting = [];
      timer = setTimeout(read, Math.max(0, readAt + REREAD_MS - performance.now()));
    };
    const follow = (event: AnyEvent): void => {
      if (event.op === "snapshot-taken") joining = true;
      if (event.op === "progress-made" && event.run === run && event.block === block) {
        const { done, total } = event;
        setLog((before) => ({ ...before, progress: [done, total] }));
      }
      if (event.op !== "log-appended" || event.run !== run || event.block !== block) return;
      if (waiting !== null) waiting.push(event);
      else if (take(event)) soon();
      else readAgain();
    };
    setLog(NO_LOG);
    void read();
    const stop = live
      ? client.listen(pipeline, {
          received: (events) => events.forEach(follow),
          position: () => ({ after: null, epoch: "" }),
        })
      : () => {};
    return () => {
      abort.abort();
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      stop();
    };
  }, [api, client, pipeline, run, block, attempt, live]);
  return log;
}

/** Puts a log together from its fetched end and the pieces that events bring. */
export class LogTextBuilder {
  private readonly terminal = new Terminal();
  private before = 0;
  private end = 0;
  /** End of the last piece; those that come later begin there or after. */
  private heard = 0;

  begin(start: number, bytes: Uint8Array): void {
    const line = start > 0 ? bytes.indexOf(10) + 1 : 0;
    this.before = start + line;
    this.end = start + bytes.length;
    this.terminal.write(new TextDecoder().decode(bytes.subarray(line)));
  }

  /** Is all that stands before this place here? */
  reaches(offset: number): boolean {
    return offset <= this.end;
  }

  /** Returns false when the log was emptied, or cut in its middle: it has to be read again. */
  add(offset: number, text: string): boolean {
    if (offset < this.heard) return false;
    const bytes = new TextEncoder().encode(text);
    this.heard = offset + bytes.length;
    if (this.heard <= this.end) return true;
    if (offset > this.end) this.terminal.gap(offset - this.end);
    const isNew = offset >= this.end;
    this.terminal.write(isNew ? text : new TextDecoder().decode(bytes.subarray(this.end - offset)));
    this.end = this.heard;
    return true;
  }

  shown(): Pick<Log, "chunks" | "before" | "bytes"> {
    return { chunks: this.terminal.view(), before: this.before, bytes: this.end };
  }
}

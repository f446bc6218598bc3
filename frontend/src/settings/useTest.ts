import { useCallback, useEffect, useRef, useState } from "react";
import { messageOf } from "../client";
import type { ConnectionForm, ConnectionTested } from "../protocol";
import { useApi } from "../session";
import { announce } from "../ui";

export interface Tried {
  busy: boolean;
  /** What came of the last one; null while one is under way, or when none was made. */
  came: ConnectionTested | null;
  start(name: string, body: TestBody): void;
  /** Ends it, here and in the server. */
  stop(): void;
  forget(): void;
}

interface TestBody {
  form?: ConnectionForm;
  password?: { value: string; place: "file" | "keyring" } | null;
}

/** One try of a connection at a time. */
export function useTest(): Tried {
  const api = useApi();
  const [busy, setBusy] = useState(false);
  const [came, setCame] = useState<ConnectionTested | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const start = (name: string, body: TestBody): void => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setBusy(true);
    setCame(null);
    announce(`Opening ${name}.`);
    api
      .post<ConnectionTested>(`connections/${encodeURIComponent(name)}/test`, body, {
        signal: mine.signal,
      })
      .catch((thrown: unknown) => ({
        ...{ product: "", version: "", seconds: 0, hint: "" },
        error: messageOf(thrown),
      }))
      .then((result) => {
        if (mine.signal.aborted) return;
        setBusy(false);
        setCame(result);
        announce(result.error ?? testedWords(result));
      });
  };
  const stop = (): void => {
    abort.current?.abort();
    setBusy(false);
    announce("The test was stopped.");
  };
  return { busy, came, start, stop, forget: useCallback(() => setCame(null), []) };
}

/** "PostgreSQL 17.2 answered in 0.03 s". */
export function testedWords({ product, version, seconds }: ConnectionTested): string {
  const time = seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : `${seconds} s`;
  return `${[product, version].filter((word) => word !== "").join(" ")} answered in ${time}`;
}

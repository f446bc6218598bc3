import { useCallback, useEffect, useRef, useState } from "react";
import type { Api } from "../client";
import type { AnyEvent } from "../protocol";
import { useApi, useConnection, useProjectEvents } from "./react";

export interface Resource<T> {
  /** The last good answer, kept while a newer one is fetched. */
  data: T | undefined;
  error: unknown;
  loading: boolean;
  reload(): void;
  /** Shows something else until the next answer: what the user just changed. */
  replace(data: T): void;
}

const GATHER_MS = 150;

/**
 * What `load` fetches, again for each other `key`, after each event that `matters`, and when the
 * connection comes back. Events in quick succession cause one request.
 */
export function useResource<T>(
  key: string,
  load: (api: Api, signal: AbortSignal) => Promise<T>,
  matters: (event: AnyEvent) => boolean = () => false,
): Resource<T> {
  const api = useApi();
  const online = useConnection((state) => state.phase === "online");
  const latest = useRef({ load, matters });
  latest.current = { load, matters };
  const [round, setRound] = useState(0);
  const [answer, setAnswer] = useState<{ key: string; data?: T; error?: unknown }>({ key });

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round or a new line asks again
  useEffect(() => {
    const abort = new AbortController();
    latest.current
      .load(api, abort.signal)
      .then((data) => setAnswer({ key, data }))
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        setAnswer((before) => (before.key === key ? { ...before, error } : { key, error }));
      });
    return () => abort.abort();
  }, [api, key, round, online]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useProjectEvents(
    useCallback(
      (event: AnyEvent) => {
        if (!latest.current.matters(event)) return;
        clearTimeout(timer.current);
        timer.current = setTimeout(reload, GATHER_MS);
      },
      [reload],
    ),
  );
  const current = answer.key === key ? answer : { key };
  return {
    data: current.data,
    error: current.error,
    loading: current.data === undefined && current.error === undefined,
    reload,
    replace: useCallback((data: T) => setAnswer({ key, data }), [key]),
  };
}

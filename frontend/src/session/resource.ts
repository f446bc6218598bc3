import { useCallback, useEffect, useRef, useState } from "react";
import type { Api } from "../client";
import type { AnyEvent } from "../protocol";
import { useApi, useFollowing, useProjectEvents } from "./react";

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
 * connection comes back. Events in quick succession cause one request. What an event says by itself
 * `follow` puts into the data; it gives the same object back for an event that says nothing of it.
 * A `load` that returns undefined asks for nothing, and leaves the data as it is.
 */
export function useResource<T>(
  key: string,
  load: (api: Api, signal: AbortSignal) => Promise<T> | undefined,
  matters: (event: AnyEvent) => boolean = () => false,
  follow: (data: T, event: AnyEvent) => T = (data) => data,
): Resource<T> {
  const api = useApi();
  const following = useFollowing();
  const latest = useRef({ load, matters, follow });
  latest.current = { load, matters, follow };
  // What was heard since the request under way was sent. Its answer may be older than an event that
  // is quicker, so these count for the answer too.
  const heard = useRef<AnyEvent[] | undefined>(undefined);
  const [round, setRound] = useState(0);
  const [answer, setAnswer] = useState<{ key: string; data?: T; error?: unknown }>({ key });

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round or a new snapshot asks again
  useEffect(() => {
    const abort = new AbortController();
    const meanwhile: AnyEvent[] = [];
    const asked = latest.current.load(api, abort.signal);
    heard.current = asked === undefined ? undefined : meanwhile;
    asked
      ?.then((data) => {
        if (abort.signal.aborted) return;
        heard.current = undefined;
        setAnswer({ key, data: meanwhile.reduce(latest.current.follow, data) });
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        heard.current = undefined;
        setAnswer((before) => (before.key === key ? { ...before, error } : { key, error }));
      });
    return () => abort.abort();
  }, [api, key, round, following]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useProjectEvents(
    useCallback(
      (event: AnyEvent) => {
        heard.current?.push(event);
        setAnswer((before) => {
          if (before.data === undefined) return before;
          const data = latest.current.follow(before.data, event);
          return data === before.data ? before : { ...before, data };
        });
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

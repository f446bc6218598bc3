import { useEffect, useState } from "react";
import { messageOf } from "../client";
import type { Tick, TriggerTable } from "../protocol";
import { useApi } from "../session";

export interface Preview {
  ticks: Tick[];
  /** Why there is none, in the server's words. */
  error: string | undefined;
}

const KEYS = ["cron", "every", "at", "timezone", "start", "end"] as const;
type Asked = Partial<Pick<TriggerTable, (typeof KEYS)[number]>>;

const PAUSE_MS = 200;
const NONE: Preview = { ticks: [], error: undefined };

/** The next ticks of what the form says, asked of the server once typing pauses; null asks nothing. */
export function usePreview(when: Asked | null, count = 5): Preview {
  const api = useApi();
  const [preview, setPreview] = useState(NONE);
  const key = when === null ? "" : JSON.stringify({ ...when, count });
  useEffect(() => {
    if (key === "") {
      setPreview(NONE);
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const asked = JSON.parse(key) as Record<string, unknown>;
      const body = Object.fromEntries(
        [...KEYS, "count"].map((name) => [name, asked[name]]).filter(([, value]) => value != null),
      );
      api
        .post<{ ticks: Tick[] }>("triggers/preview", body, { signal: abort.signal })
        .then(({ ticks }) => setPreview({ ticks, error: undefined }))
        .catch((thrown: unknown) => {
          if (!abort.signal.aborted) setPreview({ ...NONE, error: messageOf(thrown) });
        });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [api, key]);
  return preview;
}

/** The cron line in plain words; the library for it is fetched when first needed. */
export function useCronWords(cron: string | null): string {
  const [words, setWords] = useState("");
  useEffect(() => {
    let live = true;
    if (cron === null) {
      setWords("");
      return;
    }
    import("cronstrue")
      .then(({ default: cronstrue }) =>
        cronstrue.toString(cron, { use24HourTimeFormat: true, verbose: false }),
      )
      .catch(() => "")
      .then((text) => live && setWords(lowerFirst(text)));
    return () => {
      live = false;
    };
  }, [cron]);
  return words;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

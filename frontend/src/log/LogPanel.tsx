import { ArrowDown, ArrowUp, Copy, Download, Search, WrapText } from "lucide-react";
import { type ReactElement, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { apiUrl } from "../client";
import {
  Button,
  formatBytes,
  IconButton,
  LogLines,
  linesWith,
  plainText,
  toast,
  toastError,
} from "../ui";
import type { Log, LogPlace } from "./useLog";
import "./log.css";

interface Props {
  place: LogPlace;
  log: Log;
  /** What is said of a log that is empty. */
  empty?: string;
}

const NEAR_END = 24;
const WRAP_KEY = "headrace.log.wrap";

/** A log with its tools; it stays at its end while it grows, unless somebody has scrolled up. */
export function LogPanel({ place, log, empty = "It printed nothing." }: Props): ReactElement {
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  const [isAtEnd, setAtEnd] = useState(true);
  const [isWrapped, setWrapped] = useState(() => localStorage.getItem(WRAP_KEY) !== "no");
  const [wanted, setWanted] = useState("");
  const [current, setCurrent] = useState<number | null>(null);
  const { chunks } = log;
  const needle = wanted.toLowerCase();
  const found = useMemo(() => linesWith(chunks, needle), [chunks, needle]);
  const position = current === null ? -1 : found.indexOf(current);

  const toEnd = useCallback(() => {
    follows.current = true;
    setAtEnd(true);
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new text is what moves the end
  useLayoutEffect(() => {
    if (follows.current) toEnd();
  }, [chunks, isWrapped, toEnd]);
  useLayoutEffect(() => {
    if (current === null) return;
    const line = box.current?.querySelector("[data-current]");
    line?.scrollIntoView({ block: "nearest" });
  }, [current]);

  const scrolled = (): void => {
    if (box.current === null) return;
    const { scrollHeight, scrollTop, clientHeight } = box.current;
    follows.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
    setAtEnd(follows.current);
  };
  const step = (by: 1 | -1): void => {
    if (found.length === 0) return;
    follows.current = false;
    const next = position < 0 ? (by > 0 ? 0 : -1) : (position + by) % found.length;
    setCurrent(found.at(next) ?? null);
  };
  const wrap = (): void => {
    localStorage.setItem(WRAP_KEY, isWrapped ? "no" : "yes");
    setWrapped(!isWrapped);
  };
  const copy = (): void => {
    navigator.clipboard.writeText(plainText(chunks)).then(() => toast("Log copied."), toastError);
  };
  const path = `runs/${place.run}/blocks/${place.block}/log?attempt=${place.attempt}&download=1`;
  const cut = cutWords(log);

  if (log.isRead && log.bytes === 0) return <p className="log-empty">{empty}</p>;
  return (
    <div className="log-panel">
      <div className="log-tools" role="toolbar" aria-label={`Tools of the log of ${place.block}`}>
        <label className="log-search">
          <Search size={13} aria-hidden="true" />
          <input
            type="search"
            value={wanted}
            placeholder="Search"
            aria-label={`Search the log of ${place.block}`}
            spellCheck={false}
            onChange={({ target }) => {
              setWanted(target.value);
              setCurrent(null);
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
              if (event.key === "Escape" && wanted !== "") {
                event.stopPropagation();
                setWanted("");
                setCurrent(null);
              }
            }}
          />
        </label>
        {needle !== "" && (
          <>
            <span className="log-found" role="status">
              {found.length === 0
                ? "nothing found"
                : position < 0
                  ? `${found.length} lines`
                  : `${position + 1} of ${found.length}`}
            </span>
            <IconButton label="Previous line found" icon={ArrowUp} onClick={() => step(-1)} />
            <IconButton label="Next line found" icon={ArrowDown} onClick={() => step(1)} />
          </>
        )}
        <span className="log-space" />
        {!isAtEnd && (
          <Button look="quiet" size="small" icon={ArrowDown} onClick={toEnd}>
            Follow
          </Button>
        )}
        <IconButton
          label="Wrap long lines"
          icon={WrapText}
          aria-pressed={isWrapped}
          onClick={wrap}
        />
        <IconButton label="Copy what is shown" icon={Copy} onClick={copy} />
        <a
          className="log-download"
          href={apiUrl(path)}
          download
          data-tip={`Full log, ${formatBytes(log.bytes)}`}
        >
          <Download size={14} aria-hidden="true" /> full log
        </a>
      </div>
      {cut !== "" && <p className="log-cut">{cut}</p>}
      <LogLines
        chunks={chunks}
        label={`Log of ${place.block}`}
        needle={needle}
        current={current}
        isWrapped={isWrapped}
        box={box}
        onScroll={scrolled}
      />
    </div>
  );
}

/** Says what of the log is not on the page. */
function cutWords({ before, chunks }: Log): string {
  const lines = chunks[0]?.first ?? 0;
  if (before > 0)
    return `Only the end is shown: ${formatBytes(before)} before it are in the full log.`;
  return lines > 0 ? "Only the last 5,000 lines are shown; the full log has all of them." : "";
}

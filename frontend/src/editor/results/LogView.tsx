import { type ReactElement, useLayoutEffect, useRef } from "react";
import { apiUrl } from "../../client";
import type { BlockStatus } from "../../protocol";
import { pieces, settled } from "./ansi";

interface Props {
  status: BlockStatus;
  block: string;
  /** Shows only the last lines, while the block runs. */
  tail?: boolean;
}

const TAIL_LINES = 8;

/** The end of a block's log; it stays at its end while it grows, unless it was scrolled up. */
export function LogView({ status, block, tail = false }: Props): ReactElement {
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  const text = settled(status.log_tail);
  const shown = tail ? text.split("\n").slice(-TAIL_LINES).join("\n") : text;
  const isCut = status.log_bytes > status.log_tail.length;

  // biome-ignore lint/correctness/useExhaustiveDependencies: new text is what moves the end
  useLayoutEffect(() => {
    if (box.current !== null && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown]);

  return (
    <div className="log">
      {!tail && isCut && status.run !== null && (
        <a
          className="log-whole"
          href={apiUrl(`runs/${status.run}/blocks/${block}/log`)}
          target="_blank"
          rel="noreferrer"
        >
          Only the end is shown: open the whole log
        </a>
      )}
      <pre
        ref={box}
        className="log-text"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keys
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={`Log of ${block}`}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
      >
        {pieces(shown).map((piece, index) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
            key={index}
            data-colour={piece.colour ?? undefined}
            data-bold={piece.bold || undefined}
          >
            {piece.text}
          </span>
        ))}
      </pre>
    </div>
  );
}

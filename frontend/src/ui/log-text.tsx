import { type ReactElement, useLayoutEffect, useRef } from "react";
import { pieces, settled } from "./ansi";

/** Text of a terminal with its colours; it stays at its end while it grows, unless scrolled up. */
export function LogText(props: { text: string; label: string }): ReactElement {
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  const text = settled(props.text);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new text is what moves the end
  useLayoutEffect(() => {
    if (box.current !== null && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);

  return (
    <pre
      ref={box}
      className="log-view"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keys
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={props.label}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
    >
      {pieces(text).map((piece, index) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
          key={index}
          data-ansi={piece.colour ?? undefined}
          data-bold={piece.bold || undefined}
        >
          {piece.text}
        </span>
      ))}
    </pre>
  );
}

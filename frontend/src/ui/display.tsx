import { type ReactElement, useEffect, useRef, useState } from "react";
import { apiUrl } from "../client";
import type { Display } from "../protocol";

interface Props {
  display: Display;
  block: string;
}

/** Markdown and LaTeX, which the server draws in a frame. */
const PROSE: ReadonlySet<string> = new Set(["text/markdown", "text/latex"]);
/** Pixels of a frame before its content has told how high it is, and at most. */
const FIRST = { prose: 48, other: 320 };
const LEAST = 24;
const MOST = 640;

/** Pictures are pictures; anything rich lives in a frame of its own origin that can reach nothing. */
export function DisplayView({ display, block }: Props): ReactElement {
  const { mime, address, text } = display;
  if (mime === "text/plain" || address === "") {
    return <pre className="display-view-text">{text}</pre>;
  }
  const title = `${mime} shown by ${block}`;
  if (mime.startsWith("image/")) {
    // A drawing in SVG is a program; as a picture it runs nothing and loads nothing.
    const source = apiUrl(`outputs/${address}/display`, { mime });
    return <img className="display-view-image" src={source} alt={title} loading="lazy" />;
  }
  return <DisplayFrame key={address} mime={mime} address={address} title={title} />;
}

function DisplayFrame(props: { mime: string; address: string; title: string }): ReactElement {
  const { mime, address, title } = props;
  const isProse = PROSE.has(mime);
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(isProse ? FIRST.prose : FIRST.other);
  useEffect(() => {
    const hear = ({ source, data }: MessageEvent<unknown>): void => {
      if (source === null || source !== frame.current?.contentWindow) return;
      const told = toldHeight(data);
      if (told !== undefined) setHeight(told);
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, []);
  return (
    <iframe
      ref={frame}
      className="display-view-frame"
      data-prose={isProse || undefined}
      title={title}
      src={apiUrl(`outputs/${address}/display`, { mime, framed: "1" })}
      sandbox="allow-scripts"
      loading="lazy"
      referrerPolicy="no-referrer"
      style={{ height }}
    />
  );
}

/** What a frame says of its height, within limits; undefined for anything else that it may say. */
export function toldHeight(data: unknown): number | undefined {
  if (typeof data !== "object" || data === null || !("headraceHeight" in data)) return undefined;
  const { headraceHeight: height } = data;
  if (typeof height !== "number" || !Number.isFinite(height)) return undefined;
  return Math.round(Math.min(MOST, Math.max(LEAST, height)));
}
